import { duration, HOUR, MINUTE } from '../../base/units.ts';
import type { Observations } from '../observations.ts';
import { gates } from '../policy/policy.ts';
import type { Evidence } from './evidence.ts';
import { needsTraffic, NOTHING } from './needs.ts';
import type { Gate } from './verdict.ts';

/** A pause in the traffic of at most this length is part of it: nothing was asked in a longer one. */
const LONGEST_PAUSE = HOUR;

/** Which time some evidence covers. Milliseconds since the epoch; `covered` leaves long pauses out. */
export interface Covered {
  from: number;
  to: number;
  covered: number;
}

/** @param minutes starts of minutes that hold something, oldest first @returns undefined where there are none */
export function coveredBy(minutes: readonly number[]): Covered | undefined {
  const [first] = minutes;
  const last = minutes.at(-1);
  if (first === undefined || last === undefined) return undefined;
  let covered = 0;
  for (const [i, at] of minutes.entries()) {
    const next = minutes[i + 1] ?? at + MINUTE;
    covered += next - at <= LONGEST_PAUSE + MINUTE ? next - at : MINUTE;
  }
  return { from: first, to: last + MINUTE, covered };
}

/**
 * What the evidence covers: minutes in which both models were asked, and where answers were compared, or their truth is
 * known, minutes that have some; the shortest of them, since a verdict rests on all. Pure.
 */
function coverOf({ metrics, predictions }: Observations): Covered | undefined {
  const { times, production, shadow } = metrics;
  const asked = times.filter((_, i) => (production.invocations[i] ?? 0) > 0 && (shadow?.invocations[i] ?? 0) > 0);
  const blocks = predictions?.blocks ?? [];
  const kinds = [
    ...(times.length > 0 ? [asked] : []),
    ...(predictions === undefined ? [] : [blocks.filter(({ rows }) => rows > 0).map(({ at }) => at)]),
    ...((predictions?.truth?.rows ?? 0) > 0
      ? [blocks.filter(({ truth }) => truth === undefined || truth > 0).map(({ at }) => at)]
      : []),
  ];
  const found = kinds.map(coveredBy);
  if (found.length === 0 || found.includes(undefined)) return undefined;
  return found.flatMap((one) => one ?? []).toSorted((a, b) => a.covered - b.covered)[0];
}

/** Of a batch the days that hold compared rows, and rows with a label where there are labels. */
function coverOfDays({ days = [], predictions }: Observations): number {
  const labelled = (predictions?.truth?.rows ?? 0) > 0;
  const blocks = predictions?.blocks ?? [];
  const there = new Set(
    blocks.filter((one) => one.rows > 0 && (!labelled || (one.truth ?? 0) > 0)).map(({ at }) => at),
  );
  return days.reduce((sum, { from, to }) => sum + (there.has(from) ? to - from : 0), 0);
}

/**
 * Does the evidence span as much traffic as the policy asks for? What comes at other hours, or later, no window can show;
 * this only sees to it that a window holds them.
 */
export function judgeCover({ observations, policy, challenger }: Evidence): Gate[] {
  const { cover } = policy;
  if (cover === undefined) return [];
  const covered = observations.days === undefined ? (coverOf(observations)?.covered ?? 0) : coverOfDays(observations);
  const missing = Math.ceil((cover - covered) / MINUTE);
  return [
    {
      id: 'traffic.cover',
      title: 'Does the evidence cover enough traffic?',
      outcome: missing <= 0 ? 'pass' : 'inconclusive',
      test: 'rule',
      gating: gates(policy, 'traffic.cover'),
      unit: 'number',
      estimate: covered / HOUR,
      interval: undefined,
      margin: cover / HOUR,
      relation: '>',
      n: Math.round(covered / MINUTE),
      of: 'blocks',
      reason: `Production and the ${challenger} were compared over ${duration(covered)} of traffic, and the policy asks for ${duration(cover)}; pauses of more than an hour do not count.`,
      ...(missing <= 0 ? NOTHING : needsTraffic(missing)),
    },
  ];
}
