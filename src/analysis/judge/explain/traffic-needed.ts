import { count, counted } from '../../../base/units.ts';
import type { Policy } from '../../policy/policy.ts';
import { pairShares } from '../../statistics/paired-shares.ts';
import { errorsInterval } from '../errors.ts';
import { minutesToPass, shareInterval } from '../evidence.ts';
import { leastRequests } from '../least.ts';
import { compare } from '../verdict.ts';

/** Where no traffic proves what is required: a margin of nothing, or a share of all. */
export const NEVER = 'cannot be reached with any amount of traffic: leave some margin';

/** How much traffic the demands of a policy take, in words. A count that is undefined is never reached. */
export class TrafficNeeded {
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** `10 blocks of 1 minute, after 2 minutes of warm-up`. */
  blocks(): string {
    const { minimumBlocks, blockMinutes, warmupMinutes } = this.#policy;
    return `${counted(minimumBlocks, 'blocks')} of ${counted(blockMinutes, 'minutes')}, after ${counted(warmupMinutes, 'minutes')} of warm-up`;
  }

  /** Pairs: as many as a count asks for, and never fewer than the policy's minimum. */
  pairs(least: number | undefined): string {
    return least === undefined
      ? NEVER
      : `${counted(Math.max(this.#policy.minimumPairs, least), 'pairs')} of different inputs`;
  }

  /** Pairs, of which each part of the inputs has its share. */
  pairsInEachPart(least: number | undefined): string {
    return least === undefined ? NEVER : `${this.pairs(0)}, and ${count(least)} in each part`;
  }

  /** An amount of traffic, spread over the minutes after which a gate on answers (or on parts of the inputs) may pass. */
  lasting(words: string, of?: 'parts'): string {
    return words === NEVER ? NEVER : `${words}, in ${counted(minutesToPass(this.#policy, of), 'minutes')}`;
  }

  /** Rows with a label. Errors of both models come in bursts that labels do not show, so limits on labels wait as parts do. */
  labelled(least: number | undefined, what: string): string {
    return least === undefined
      ? NEVER
      : `${count(Math.max(this.#policy.minimumPairs, least))} ${what} with a label, in ${counted(minutesToPass(this.#policy, 'parts'), 'minutes')}`;
  }

  /** Requests without a failure until it is proven that less than `limit` of them fail. */
  withoutFailure(limit: number): string {
    const nothing = (n: number) => pairShares([{ production: { successes: 0, n }, shadow: { successes: 0, n } }]);
    const least = leastRequests((n) => errorsInterval(nothing(n), this.#policy)[1] < limit);
    return least === undefined ? NEVER : this.lasting(`${counted(least, 'requests')} without a failure`);
  }

  /** Answers that all agree, until it is proven that more than `margin` of all do. */
  allAgree(margin: number): number | undefined {
    return this.#leastForShare(margin, true);
  }

  /** Answers that never differ, until it is proven that less than `margin` of all do. */
  noneDiffer(margin: number): number | undefined {
    return this.#leastForShare(margin, false);
  }

  #leastForShare(margin: number, above: boolean): number | undefined {
    const policy = this.#policy;
    return leastRequests(
      (n) => compare(shareInterval(above ? n : 0, n, policy.alpha, policy), margin, !above) === 'pass',
    );
  }
}
