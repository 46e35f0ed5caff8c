import type { Gate, Verdict } from './verdict.ts';

/** By what a verdict was asked for, as it was typed; what is absent was not given. */
export interface AskedBy {
  labels?: string | undefined;
  policy?: string | undefined;
  expect?: string | undefined;
  prediction?: string | undefined;
}

/** What is written down of one verdict on a shadow: what failed, and what passes that had failed before. */
export interface JudgedRecord {
  /** ISO 8601. */
  at: string;
  /** Who on which machine. */
  by: string;
  command: string;
  asked: AskedBy;
  failed: readonly { gate: string; reason: string }[];
  passed: readonly string[];
}

/** A gate that decided and failed, and has not passed since. */
export interface EarlierFailure extends Pick<JudgedRecord, 'at' | 'by' | 'command' | 'asked'> {
  gate: string;
  /** The gate's sentence of then. */
  reason: string;
  /**
   * Why the present verdict says nothing of it: it was not asked (`unasked`), it informs alone (`informs`), or a flag that it was
   * asked by then was left out (`policy`, `expect`).
   */
  why: 'unasked' | 'informs' | 'policy' | 'expect';
}

type Standing = Omit<EarlierFailure, 'why'>;
type Judged = Pick<Verdict, 'gates'>;

/** The gates that failed and have not passed since. Pure. @param records of one shadow, oldest first */
function standingFailures(records: readonly JudgedRecord[]): Standing[] {
  const standing = new Map<string, Standing>();
  for (const { failed, passed, ...record } of records) {
    for (const gate of passed) standing.delete(gate);
    for (const one of failed) {
      standing.delete(one.gate);
      standing.set(one.gate, { ...record, ...one });
    }
  }
  return [...standing.values()];
}

/**
 * What failed before and is not answered by this verdict: a gate is answered where it is asked again, by no fewer flags, and
 * passes, fails or is open again; or where a waiver of it counts. Pure.
 */
export function earlierFailures(records: readonly JudgedRecord[], { gates }: Judged, asked: AskedBy): EarlierFailure[] {
  return standingFailures(records).flatMap((one) => {
    const why = unanswered(one, gates, asked);
    return why === undefined ? [] : [{ ...one, why }];
  });
}

function unanswered(
  { gate, command, asked: then }: Standing,
  gates: readonly Gate[],
  asked: AskedBy,
): EarlierFailure['why'] | undefined {
  // A comparison may find more than one thing under the same name.
  const again = gates.filter(({ id }) => id === gate);
  if (again.length === 0) return 'unasked';
  if (again.some((one) => one.waived !== undefined)) return undefined;
  if (again.some((one) => !one.gating && one.outcome !== 'pass')) return 'informs';
  // What a report tries is not what a promotion was to prove.
  if (command !== 'promote') return undefined;
  if (then.policy !== undefined && asked.policy === undefined) return 'policy';
  return then.expect !== undefined && asked.expect === undefined && asked.policy === undefined ? 'expect' : undefined;
}

/** What is to be written down of a verdict; undefined where it says nothing new. Pure. */
export function judgedNow(
  records: readonly JudgedRecord[],
  { gates }: Judged,
  asked: AskedBy,
): Pick<JudgedRecord, 'failed' | 'passed'> | undefined {
  const standing = standingFailures(records);
  const failed = gates
    .filter(({ gating, outcome }) => gating && outcome === 'fail')
    .map(({ id, reason }) => ({ gate: id, reason }));
  const open = new Set(earlierFailures(records, { gates }, asked).map(({ gate }) => gate));
  const passed = standing
    .map(({ gate }) => gate)
    .filter((gate) => !open.has(gate) && gates.every(({ id, outcome }) => id !== gate || outcome === 'pass'));
  const known = failed.every(({ gate }) => standing.some((one) => one.gate === gate && sameAsked(one.asked, asked)));
  return known && passed.length === 0 ? undefined : { failed, passed };
}

function sameAsked(one: AskedBy, other: AskedBy): boolean {
  return (['labels', 'policy', 'expect', 'prediction'] as const).every((flag) => one[flag] === other[flag]);
}

/** The flags by which an earlier failure is asked again. Pure. */
export function askedAgain(earlier: readonly EarlierFailure[]): AskedBy {
  return Object.assign({}, ...earlier.map(({ asked }) => asked)) as AskedBy;
}

const WHY: Readonly<Record<EarlierFailure['why'], string>> = {
  unasked: 'and is not asked now',
  informs: 'and only informs now',
  policy: 'by a policy that is not given now',
  expect: 'by an expectation that is not given now',
};

/** One earlier failure as a sentence. @param at how its time is written */
export function earlierText({ gate, by, command, asked, why, at }: EarlierFailure): string {
  const flags = Object.entries(asked).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${value}`]));
  const how = flags.length === 0 ? command : `${command} ${flags.join(' ')}`;
  return `${gate} failed at ${at.slice(0, 16).replace('T', ' ')} UTC (${how}, by ${by}), ${WHY[why]}.`;
}
