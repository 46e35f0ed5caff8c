import type { Aws } from './clients.ts';
import { AwsProblem } from './errors.ts';
import type { Service } from './target.ts';

/** Something that was not looked at, because these credentials may not. */
export interface Unseen {
  /** `log group "/aws/sagemaker/Endpoints/weather"` */
  what: string;
  /** `logs:FilterLogEvents on arn:…`; undefined where nobody says. */
  needs: string | undefined;
}

/** `not seen: log group "…", needs logs:FilterLogEvents on …` */
export function unseenWords({ what, needs }: Unseen): string {
  return `not seen: ${what}, needs ${needs ?? 'a permission that AWS does not name'}`;
}

/**
 * A look that the work at hand can do without: where these credentials may not, `unseen` is told and undefined is the
 * answer. Any other failure is thrown.
 */
export async function orUnseen<T>(
  what: string,
  look: () => Promise<T>,
  unseen: (one: Unseen) => void,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied) throw error;
    unseen({ what, needs: error.missing });
    return undefined;
  }
}

/**
 * A look at a service that nothing else at hand needs: a network may have no way to it, and a policy no word about it.
 * Whatever keeps it from being seen, `unseen` is told and undefined is the answer. A service that did not answer once is
 * not waited for again.
 * @param needs the permission, where AWS names none
 * @throws AwsProblem where the credentials themselves are refused
 */
export async function lookAside<T>(
  { aws, service, what, needs }: { aws: Aws; service: Service; what: string; needs: string },
  look: () => Promise<T>,
  unseen: (one: Unseen) => void,
): Promise<T | undefined> {
  const words = aws.unreached.get(service);
  if (words !== undefined) {
    unseen({ what: `${what} (${words})`, needs });
    return undefined;
  }
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AwsProblem) || error.aboutCredentials) throw error;
    if (error.unanswered) aws.unreached.set(service, error.words);
    unseen({ what: error.denied ? what : `${what} (${error.words})`, needs: error.missing ?? needs });
    return undefined;
  }
}
