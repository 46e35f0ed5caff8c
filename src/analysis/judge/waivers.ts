import type { Policy, Waiver } from '../policy/policy.ts';
import type { Gate, WaiverState } from './verdict.ts';

/** The last moment of the day that a waiver names; milliseconds since the epoch. */
function endOf({ until }: Waiver): number {
  return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${until}T23:59:59.999Z`);
}

/**
 * The gates, those that are waived no longer deciding. Only the gate that is named, and only where it did not pass: no other
 * gate is touched.
 *
 * @param now milliseconds since the epoch; a waiver with an end counts up to it
 */
export function waive(gates: readonly Gate[], { waivers }: Policy, now: number): Gate[] {
  return gates.map((gate) => {
    const waiver = waivers.find((one) => one.gate === gate.id && now <= endOf(one));
    return waiver === undefined || !gate.gating || gate.outcome === 'pass'
      ? gate
      : { ...gate, gating: false, waived: waiver };
  });
}

/** Every waiver of the policy, and what came of it: none is silent. */
export function waiverStates(gates: readonly Gate[], { waivers }: Policy, now: number): WaiverState[] {
  return waivers.map((waiver) => {
    const gate = gates.find(({ id }) => id === waiver.gate);
    const state =
      now > endOf(waiver)
        ? 'expired'
        : gate === undefined
          ? 'unasked'
          : gate.waived === undefined
            ? 'unneeded'
            : 'counts';
    return { ...waiver, state, outcome: gate?.outcome };
  });
}
