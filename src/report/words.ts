import type { NoiseFloor, Observations } from '../analysis/observations.ts';
import { kindNamed } from '../analysis/answers/kinds/table.ts';
import type { LabelSums, Predictions, Repeats } from '../analysis/predictions.ts';
import { designEffect } from '../analysis/statistics/repeats.ts';
import { bowker, stuartMaxwell } from '../analysis/statistics/symmetry.ts';
import type { Gate } from '../analysis/judge/verdict.ts';
import {
  change,
  count,
  counted,
  dateAndTime,
  duration,
  HOUR,
  milliseconds,
  MINUTE,
  MISSING,
  number,
  percent,
  points,
  timeOfDay,
} from '../base/units.ts';

/** `+12 %`, or `–` where one of them is missing. */
export function difference(production: number | undefined, shadow: number | undefined): string {
  if (production === undefined || shadow === undefined || production === 0) return MISSING;
  return change(shadow / production);
}

/** `5 665 pairs`, or `5 665 pairs of 365 distinct inputs` where inputs repeat. */
function pairsText({ pairs, rows, repeats }: Predictions): string {
  if (repeats === undefined || repeats.known === 0 || repeats.inputs >= rows) return counted(pairs, 'pairs');
  return `${counted(pairs, 'pairs')} of ${count(repeats.inputs)} distinct inputs`;
}

const METHODS = {
  inferenceId: "the caller's InferenceId",
  eventId: 'the eventId both records share',
  input: 'equal input at about the same time',
};

/** How the requests of the two variants were brought together, and how many of them, in a sentence. */
export function pairingText(
  found: Predictions,
  { metrics, loggedBy, replayed }: Pick<Observations, 'metrics' | 'loggedBy' | 'replayed'>,
): string {
  if (found.method === undefined) return 'No captured request of production could be paired with one of the shadow.';
  // What a mirror copied, and what callers logged, was paired when it was recorded.
  const by =
    metrics.paired === undefined
      ? METHODS[found.method]
      : loggedBy === 'callers'
        ? 'the ids that callers logged'
        : replayed === undefined
          ? 'the requests that were copied'
          : 'the requests that were sent again';
  return `${pairsText(found)} by ${by}: ${percent(found.coverage)} of the requests that the shadow should have seen.`;
}

/** What the answers of both were taken for, in words, each way in which they can be read: the likeliest first. */
export function readingsText(found: Predictions | undefined): string[] {
  if (found === undefined) return [];
  return [found, ...(found.alternatives ?? [])].flatMap(({ answers }) => {
    if (answers === undefined) return [];
    const { kind, production, shadow } = answers;
    const title = kindNamed(kind)?.title ?? 'each record by its form';
    const other = shadow.from === production.from ? '' : `, of the shadow from ${shadow.from}`;
    const example = production.example === undefined ? '' : `, for example ${production.example}`;
    return [`${title}, from ${production.from}${other}${example}`];
  });
}

/** That rows may hang together by a column, in a sentence; empty where none looks like it, or the policy names one. */
export function alikeText({ alike, clusters }: Predictions): string {
  if (alike === undefined || clusters !== undefined) return '';
  const { column, values, factor } = alike;
  const name = /^column \d+$/.test(column) ? column.slice('column '.length) : column;
  return `Rows with the same "${column}" (${counted(values, 'values')}) tend to agree or differ together. If they are not independent, because they come from one user or one conversation, ${number(factor, 2)} of them say only as much as one independent row: add cluster: ${name} to the policy, and the gates count them that way. If it is only a property of the inputs, leave it.`;
}

/** What repeated inputs are worth, in a sentence; empty where none repeats or none is known. */
export function repeatsText({ repeats, rows }: Predictions): string {
  if (repeats === undefined || repeats.known === 0 || repeats.inputs >= rows) return '';
  return 'Requests that repeat an input add little information: the more alike their answers are, the less the gates count them.';
}

/** Whether the shadow leans another way than production, in a sentence; empty where all labels are equal. */
export function symmetryText({ confusion, rows, agree }: LabelSums, repeats: Repeats | undefined): string {
  if (agree === rows) return '';
  const factor = designEffect(repeats?.agreement);
  const flow = bowker(confusion.counts, factor);
  const margins = stuartMaxwell(confusion.counts, factor);
  const p = (value: number) => (value < 1e-4 ? 'p < 0.0001' : `p = ${number(value)}`);
  const parts = [
    `whether labels change both ways alike (Bowker): ${p(flow.p)}`,
    ...(margins === undefined
      ? []
      : [`whether each is given as often as by production (Stuart-Maxwell): ${p(margins.p)}`]),
  ];
  return `Symmetry, by tests for a single look: ${parts.join('; ')}.`;
}

/** What the noise floor says, in a sentence. */
export function noiseText({ labels, numbers, scores, model, pairs, window }: NoiseFloor): string {
  const parts = [
    ...(labels === undefined ? [] : [`${percent(labels.differing / Math.max(1, labels.n))} of its labels`]),
    ...(numbers === undefined
      ? []
      : [
          `${percent(numbers.beyond / Math.max(1, numbers.n))} of its numbers by more than ${number(numbers.tolerance)}`,
        ]),
    ...(scores?.of ?? []).map(({ name, missing, n }) => `${percent(missing / Math.max(1, n))} by ${name}`),
  ];
  return `Noise floor: ${model} differs from itself in ${parts.join(', ')} (${counted(pairs, 'pairs')}, ${windowText(window)}); only larger differences count.`;
}

/** A value of a gate in the gate's own terms; three digits are as many as an estimate deserves. */
export function gateValue(gate: Gate, value: number | undefined): string {
  if (gate.unit === 'ratio') return change(value);
  if (gate.difference === true) return points(value);
  if (gate.unit === 'number' && gate.id.startsWith('limits.latency.')) return milliseconds(value);
  if (gate.id === 'traffic.cover') return value === undefined ? MISSING : duration(value * HOUR);
  return gate.unit === 'share' ? percent(value) : number(value, 3);
}

/** `from … to`, the unit once: `82.2 … 85.9 %`. */
export function gateInterval(gate: Gate): string {
  if (gate.interval === undefined) return MISSING;
  const [low = '', high = ''] = gate.interval.map((one) => gateValue(gate, one));
  return `${unitOf(low) === unitOf(high) ? low.replace(UNIT, '') : low} … ${high}`;
}

const UNIT = / (%|pts?|ms|s)$/;

/** One point and two points are of one unit. */
function unitOf(value: string): string | undefined {
  return UNIT.exec(value)?.[1]?.replace('pts', 'pt');
}

/** `2026-01-05 09:00 – 09:30 UTC (30 min)`; 0 where no minute is known. */
export function windowText(window: { from: number; to: number }): string {
  if (window.to <= MINUTE) return 'no minute compared';
  if (window.from === window.to) return `from ${dateAndTime(window.from)} UTC on`;
  if (window.from === 0) return `until ${dateAndTime(window.to)} UTC`;
  const [from, to] = [dateAndTime(window.from), dateAndTime(window.to)];
  const end = from.slice(0, 10) === to.slice(0, 10) ? timeOfDay(window.to) : to;
  return `${from} – ${end} UTC (${duration(window.to - window.from)})`;
}

/** The margin of a gate with its relation, `< 1 %`; `–` where there is none. */
export function gateLimit(gate: Gate): string {
  if (gate.margin === undefined) return MISSING;
  const over = gate.slowerThan === undefined ? '' : ` over ${milliseconds(gate.slowerThan)}`;
  return `${gate.relation} ${gateValue(gate, gate.margin)}${over}`;
}
