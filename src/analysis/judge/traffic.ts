import { gates } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import type { Gate } from './verdict.ts';
import { shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';

/** A mismatch is believed only when chance would do this on one endpoint in a thousand, however often it is looked at. */
const MISMATCH_ALPHA = 0.001;
/** Requests at the edges of the window fall into different minutes for the two variants. */
const EDGE_TOLERANCE = 0.02;

/**
 * Did the shadow see the traffic that was asked for? If not, whatever it did is evidence about other requests. A
 * mismatch makes the verdict inconclusive, not bad: it says nothing about the model. To pass means that none was found,
 * not that there is none: this question has no margin to prove, and few requests hide much.
 */
export function judgeTraffic(evidence: Evidence): Gate[] {
  const { observations, summaries, policy } = evidence;
  const sampling = observations.sampling;
  if (summaries.shadow === undefined || sampling === undefined) return [];
  const asked = summaries.production.invocations;
  const seen = summaries.shadow.invocations;
  if (asked === 0) return [];
  const share = seen / asked;
  // More than all of them is no draw; the edges of the window explain a little of it.
  const interval: Interval = seen > asked ? [share, share] : shareInterval(seen, asked, MISMATCH_ALPHA / 2, policy);
  const mismatch = interval[1] < sampling * (1 - EDGE_TOLERANCE) || interval[0] > sampling * (1 + EDGE_TOLERANCE);
  const facts = `The shadow saw ${count(seen)} of production's ${counted(asked, 'requests')} (${percent(share)}), and its config asks for ${percent(sampling)}`;
  return [
    {
      id: 'traffic.sampling',
      title: 'Did it receive the requested traffic?',
      outcome: mismatch ? 'inconclusive' : 'pass',
      test: 'rule',
      gating: gates(policy, 'traffic.sampling'),
      unit: 'share',
      estimate: share,
      interval: seen > asked ? undefined : interval,
      margin: sampling,
      relation: '=',
      n: asked,
      of: 'requests',
      reason: mismatch
        ? `${facts}; ${seen > asked ? 'that is more than production had' : 'chance explains that in at most 1 of 1 000 endpoints'}.`
        : `${facts}.`,
      ...(!mismatch
        ? NOTHING
        : needsAdvice(
            seen > asked
              ? 'the reason why it received more requests than production'
              : share > sampling
                ? 'a window in which the shadow had one share of the traffic throughout, or the reason why it received more'
                : 'a window in which the shadow was attached throughout, or the reason why requests went missing',
          )),
    },
  ];
}
