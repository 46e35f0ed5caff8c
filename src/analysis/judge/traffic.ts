import { gates } from '../policy.ts';
import { binomialTest } from '../statistics/proportions.ts';
import type { Gate } from '../verdict.ts';
import type { Evidence } from './evidence.ts';
import { count, number, percent } from './words.ts';

/** A mismatch is believed only when chance would do this once in a thousand reports. */
const SURE = 0.001;
/** Requests at the edges of the window fall into different minutes for the two variants. */
const EDGE = 0.02;

/**
 * Did the shadow see the traffic that was asked for? If not, whatever it did is evidence about other requests. A
 * mismatch makes the verdict inconclusive, not bad: it says nothing about the model.
 */
export function judgeTraffic(evidence: Evidence): Gate[] {
  const { observations, summaries, policy } = evidence;
  const sampling = observations.sampling;
  if (summaries.shadow === undefined || sampling === undefined) return [];
  const asked = summaries.production.invocations;
  const seen = summaries.shadow.invocations;
  if (asked === 0 || seen === 0) return [];
  const share = seen / asked;
  const p = sampling < 1 && seen <= asked ? binomialTest(seen, asked, sampling) : undefined;
  const off = Math.abs(share - sampling) > EDGE * sampling;
  const mismatch = off && (p === undefined || p < SURE);
  const facts = `The shadow saw ${count(seen)} of production's ${count(asked)} requests (${percent(share)}), ${percent(sampling)} was asked for`;
  return [
    {
      id: 'traffic.sampling',
      title: 'Is the traffic what was asked for?',
      outcome: mismatch ? 'inconclusive' : 'pass',
      gating: gates(policy, 'traffic.sampling'),
      unit: 'share',
      estimate: share,
      interval: undefined,
      margin: sampling,
      relation: '=',
      n: asked,
      of: 'requests',
      reason:
        p === undefined ? `${facts}.` : `${facts} (binomial test p = ${p < 1e-4 ? p.toExponential(0) : number(p)}).`,
      needs: mismatch
        ? 'a window in which the shadow was attached all the time, or the reason why requests went missing'
        : undefined,
    },
  ];
}
