import { systemClock } from '../base/clock.ts';
import { MINUTE } from '../base/units.ts';
import type { fromNodeProviderChain } from './sdk/credentials.ts';
import type { AwsTarget } from './target.ts';

/**
 * The SDK's chain of credentials, asked once for all clients of a connection: who is asked for a code of MFA types it once,
 * and a role is taken up once.
 * @param handler of the clients that the chain makes, of STS and SSO: they go the same way
 */
export async function chainOf(target: AwsTarget, handler: () => Promise<object>): Promise<() => Promise<Keys>> {
  const sdk = await import('./sdk/credentials.ts');
  const { profile, profileInUse = profile, mfaCode, network } = target;
  const way = network === undefined ? {} : { requestHandler: await handler() };
  const options = {
    ...(profile === undefined ? {} : { profile }),
    ...(mfaCode === undefined ? {} : { mfaCodeProvider: mfaCode }),
    ...(network === undefined ? {} : { clientConfig: way }),
    // Roles are taken up in the region at hand: without a word of it the SDK goes to us-east-1, also from another partition.
    parentClientConfig: { region: target.region, ...way },
  };
  const ask = async (): Promise<Keys> => {
    // A chain remembers keys that name no end: made anew, it reads files that were renewed meanwhile.
    const found = await sdk
      .fromNodeProviderChain(options)()
      .catch((error: unknown) => {
        // The chain tells nothing of a profile but that it gave no keys; asked alone, that says why.
        if (profileInUse === undefined || !NO_REASON.test(error instanceof Error ? error.message : '')) throw error;
        return sdk.fromIni({ ...options, profile: profileInUse })();
      });
    return { ...found, expiration: found.expiration ?? new Date(systemClock.now() + ASKED_AGAIN_MS) };
  };
  let kept: Promise<Keys> | undefined;
  let until = 0;
  return () => {
    if (kept === undefined || systemClock.now() >= until) {
      until = Number.POSITIVE_INFINITY;
      kept = ask();
      kept.then(
        ({ expiration }) => void (until = expiration.getTime() - RENEWED_MS),
        () => void (kept = undefined),
      );
    }
    return kept;
  };
}

/** What the chain says where no link of it gave keys. */
const NO_REASON = /Could not load credentials from any providers/;

/** Credentials with the moment at which they end, or are asked for again. */
export type Keys = Awaited<ReturnType<ReturnType<typeof fromNodeProviderChain>>> & { expiration: Date };

/** The SDK renews keys so long before their end. */
const RENEWED_MS = 5 * MINUTE;
/** Keys without an end are asked for again after so long. */
const ASKED_AGAIN_MS = 20 * MINUTE;
