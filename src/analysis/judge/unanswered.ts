import type { MissingMinute, PairBlock, Predictions } from '../predictions.ts';
import { count, MINUTE } from '../../base/units.ts';
import { errorMinutes } from './summaries.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import type { Gate } from './verdict.ts';

/**
 * Captures come in late: what only production has in the last minutes before the window ends, or in the first, may still
 * come, or have come before the shadow did.
 */
const EDGE_MINUTES = 10;

/** A draw of the shadow's requests is believed to lack some only where chance would do this in one window of a thousand. */
const DRAW_ERRORS = 3.3;

/** What production answered and the shadow did not. Counts are requests unless they are called rows. */
export interface Unanswered {
  /** Minutes in which both were captured. */
  minutes: readonly MissingMinute[];
  /** What production answered, and of that what the shadow should have answered. */
  answered: number;
  expected: number;
  /** The shadow's record has no answer that can be read, and production's has; the other way round; and neither has one. */
  empty: number;
  unreadable: number;
  onlyShadow: number;
  neither: number;
  /** Requests without a record of the shadow, beyond what its sampling explains: those that its own failed requests explain, */
  failed: number;
  /** those that it did answer by its own count of requests, and that were not captured, */
  uncaptured: number;
  /** and those of which nothing is known. */
  unknown: number;
  /**
   * Requests that are in no pair although nothing is missing: nobody could tell which records belong together, or what lay
   * between (a mirror) lost them. What the two models said of them is not known.
   */
  uncompared: number;
  /** Left out at the edges of the window. */
  late: number;
  /** Rows of production's answers a request. */
  rowsPerRequest: number;
}

/** Undefined for what was paired by nothing, or saved by an older version. */
export function unansweredOf(predictions: Predictions, { observations }: Evidence): Unanswered | undefined {
  const all = predictions.missing;
  if (all === undefined || all.length === 0) return undefined;
  const { minutes, late } = withinBoth(all);
  const sum = (of: (minute: MissingMinute) => number) => minutes.reduce((total, minute) => total + of(minute), 0);
  const answered = sum((minute) => minute.answered);
  const absent = sum((minute) => minute.absent);
  const [empty, unreadable] = [sum((minute) => minute.empty), sum((minute) => minute.unreadable)];
  const requests = counted(observations);
  // What the shadow was sent, if it was counted; else what was asked for.
  const share = requests?.share ?? observations.sampling ?? 1;
  const expected = answered * Math.min(1, share);
  const draw = share < 1 ? DRAW_ERRORS * Math.sqrt(answered * share * (1 - share)) : 0;
  const short = Math.max(0, expected - draw - (answered - absent));
  const lacking = Math.min(absent, share < 1 ? short : absent);
  // Failed requests that were captured are empty already.
  const failed =
    requests === undefined ? 0 : Math.min(lacking, Math.max(0, requests.failed * requests.captured - empty));
  const rows = sum((minute) => minute.rows + minute.absentRows);
  const without = empty + unreadable + absent;
  const { pairs, coverage } = predictions;
  const due = coverage === undefined || coverage === 0 ? pairs : pairs / coverage;
  const uncompared = Math.max(0, due - pairs - empty - unreadable - lacking - late - draw);
  return {
    minutes,
    answered,
    expected,
    empty,
    unreadable,
    onlyShadow: sum((minute) => minute.onlyShadow),
    neither: sum((minute) => minute.neither),
    failed,
    uncaptured: requests === undefined ? 0 : lacking - failed,
    unknown: requests === undefined ? lacking : 0,
    // Shares are rounded: less than half a request is none.
    uncompared: uncompared < 0.5 ? 0 : uncompared,
    late,
    rowsPerRequest: without > 0 ? rows / without : pairs > 0 ? Math.max(1, predictions.rows / pairs) : 1,
  };
}

/** Without the minutes at both ends of which the shadow has no record, as far as captures may be late. */
function withinBoth(minutes: readonly MissingMinute[]): { minutes: readonly MissingMinute[]; late: number } {
  const seen = minutes.filter((minute) => minute.answered > minute.absent).map(({ at }) => at);
  const [first, last] = [seen[0], seen.at(-1)];
  const [begin, end] = [minutes[0]?.at, minutes.at(-1)?.at];
  if (first === undefined || last === undefined || begin === undefined || end === undefined)
    return { minutes, late: 0 };
  const edge = EDGE_MINUTES * MINUTE;
  const from = first - begin <= edge ? first : begin;
  const to = end - last <= edge ? last : end;
  const kept = minutes.filter(({ at }) => at >= from && at <= to);
  const count = (list: readonly MissingMinute[]) => list.reduce((sum, minute) => sum + minute.absent, 0);
  return { minutes: kept, late: count(minutes) - count(kept) };
}

/**
 * What CloudWatch counted: the share of production's requests that the shadow was sent, how many of its own failed, and the
 * share of production's that was captured with an answer. Undefined without metrics of both.
 */
function counted({
  metrics,
  predictions,
}: Evidence['observations']): { share: number; failed: number; captured: number } | undefined {
  if (metrics.shadow === undefined || predictions === undefined) return undefined;
  const total = (minutes: Minutes) => ({
    n: minutes.reduce((sum, minute) => sum + minute.n, 0),
    failed: minutes.reduce((sum, minute) => sum + minute.successes, 0),
  });
  const [production, shadow] = [total(errorMinutes(metrics.production)), total(errorMinutes(metrics.shadow))];
  const right = production.n - production.failed;
  if (shadow.n === 0 || right <= 0) return undefined;
  const answered = (predictions.missing ?? []).reduce((sum, minute) => sum + minute.answered, 0);
  return { share: shadow.n / production.n, failed: shadow.failed, captured: Math.min(1, answered / right) };
}

/** Rows of which nobody knows: whether the shadow answered them, or whether both said the same. */
interface UnknownRows {
  unanswered: number;
  uncompared: number;
}

/**
 * The sums as they are if what the shadow did not answer counts as differing: what is empty, unreadable or explained by its
 * failed requests; and beside it, `worst`, if what nobody knows counts so, too.
 */
export function countedAgainst(
  predictions: Predictions,
  evidence: Evidence,
): { counted: Predictions; words: string; worst: Predictions | undefined; unknown: UnknownRows } {
  const found = unansweredOf(predictions, evidence);
  if (found === undefined)
    return { counted: predictions, words: '', worst: undefined, unknown: { unanswered: 0, uncompared: 0 } };
  const lost = found.minutes.filter(({ rows }) => rows > 0).map(({ at, rows }) => ({ at, rows }));
  const failed = Math.round(found.failed * found.rowsPerRequest);
  const unanswered = Math.round(found.unknown * found.rowsPerRequest);
  const uncompared = Math.round(found.uncompared * found.rowsPerRequest);
  const unknown = unanswered + uncompared;
  const rows = lost.reduce((sum, one) => sum + one.rows, 0) + failed;
  const counted = rows === 0 ? predictions : differing(predictions, rows, lost);
  return {
    counted,
    words: rows === 0 ? '' : `, with ${count(rows)} that it did not answer counted as different,`,
    worst: unknown === 0 ? undefined : differing(counted, unknown, []),
    unknown: { unanswered, uncompared },
  };
}

/** The sums with so many rows more that differ; `minutes` says when they came, where that is known. */
function differing(
  predictions: Predictions,
  rows: number,
  minutes: readonly { at: number; rows: number }[],
): Predictions {
  const { labels, numbers } = predictions;
  const blocks = new Map(predictions.blocks.map((block) => [block.at, block]));
  for (const minute of minutes) {
    const block: PairBlock = blocks.get(minute.at) ?? {
      at: minute.at,
      rows: 0,
      agree: 0,
      d: 0,
      dd: 0,
      abs: 0,
      beyond: 0,
    };
    const beyond = block.beyond === undefined ? {} : { beyond: block.beyond + minute.rows };
    blocks.set(minute.at, { ...block, ...beyond, rows: block.rows + minute.rows });
  }
  return {
    ...predictions,
    blocks: [...blocks.values()].sort((a, b) => a.at - b.at),
    labels: labels && { ...labels, rows: labels.rows + rows },
    numbers: numbers && { ...numbers, rows: numbers.rows + rows, beyond: numbers.beyond + rows },
  };
}

/** One gate for both cases; open where they differ. */
export function eitherWay(gate: Gate, worst: Gate | undefined, { unanswered, uncompared }: UnknownRows): Gate {
  if (worst === undefined || worst.outcome === gate.outcome) return gate;
  const which = [
    ...(unanswered > 0
      ? [`the ${count(unanswered)} rows counted as different of which nobody knows whether it answered`]
      : []),
    ...(uncompared > 0 ? [`the ${count(uncompared)} that are in no pair`] : []),
  ];
  const rows =
    unanswered > 0 ? which.join(', and ') : `the ${count(uncompared)} rows that are in no pair counted as different`;
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; but if ${rows}, this would be ${worst.outcome}.`,
    ...needsAdvice(
      unanswered > 0
        ? 'the captures that are missing, or metrics of the endpoint, which say whether the shadow answered'
        : 'records of both sides that can be paired: an InferenceId of its own with every request, and fewer that are lost',
    ),
  };
}
