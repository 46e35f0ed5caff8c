import { AwsProblem } from './errors.ts';

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
