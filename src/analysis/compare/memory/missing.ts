import type { MissingMinute } from '../../predictions.ts';
import type { Capture } from '../../answers/captures.ts';
import { MINUTE } from '../../../base/units.ts';
import { SAME_INPUT_MS } from './pair.ts';
import type { Pairing } from './pair.ts';
import type { Side } from './sides.ts';

/** The records of one side by what pairs them. Made when it is first asked: where nothing is missing nobody asks. */
class Index {
  #records: Map<string, Capture[]> | undefined;
  readonly #captures: Iterable<Capture>;
  readonly #key: (capture: Capture) => string | undefined;
  /** Records of one input are copies only within this time. */
  readonly #withinMs: number;

  constructor(method: Pairing['method'], captures: Iterable<Capture>) {
    this.#key = (capture) => (method === 'input' ? capture.input?.data : method && capture[method]);
    this.#withinMs = method === 'input' ? SAME_INPUT_MS : Number.POSITIVE_INFINITY;
    this.#captures = captures;
  }

  #byKey(): Map<string, Capture[]> {
    if (this.#records !== undefined) return this.#records;
    const records = new Map<string, Capture[]>();
    for (const capture of this.#captures) {
      const key = this.#key(capture);
      if (key === undefined || key === '') continue;
      const list = records.get(key);
      if (list === undefined) records.set(key, [capture]);
      else list.push(capture);
    }
    this.#records = records;
    return records;
  }

  knows(capture: Capture): boolean {
    return this.#key(capture) !== undefined && this.#key(capture) !== '';
  }

  of(capture: Capture): Capture[] {
    const found = this.#byKey().get(this.#key(capture) ?? '') ?? [];
    return found.filter((one) => Math.abs(one.at - capture.at) <= this.#withinMs);
  }
}

/**
 * Which requests lack one of their two answers, and how: a record without an answer, one with an answer that cannot be read,
 * or no record. A record whose counterpart could be several is in no number.
 */
export function missingMinutes(production: Side, shadow: Side, pairing: Pairing): MissingMinute[] | undefined {
  const { method, pairs } = pairing;
  if (method === undefined) return undefined;
  const minutes = new Map<number, MissingMinute>();
  const minuteOf = (capture: Capture) => {
    const at = Math.floor(capture.at / MINUTE) * MINUTE;
    let minute = minutes.get(at);
    if (minute === undefined) {
      minute = { at, ...NOTHING_MISSING };
      minutes.set(at, minute);
    }
    return minute;
  };
  const paired = new Set(pairs.map((pair) => pair.production));
  const pairedShadow = new Set(pairs.map((pair) => pair.shadow));
  const own = new Index(method, production.answers.keys());
  const theirs = new Index(method, shadow.answers.keys());
  const lost = new Index(
    method,
    shadow.lost.map(({ capture }) => capture),
  );
  const unreadable = new Set(shadow.lost.filter(({ empty }) => !empty).map(({ capture }) => capture));
  for (const [capture, answers] of production.answers) {
    if (paired.has(capture)) {
      minuteOf(capture).answered += 1;
      continue;
    }
    // Of an id that occurs twice nobody knows which record is meant; inputs may well repeat.
    if (!own.knows(capture) || (method !== 'input' && own.of(capture).length > 1) || theirs.of(capture).length > 0)
      continue;
    const minute = minuteOf(capture);
    minute.answered += 1;
    const records = lost.of(capture);
    if (records.length === 0) {
      minute.absent += 1;
      minute.absentRows += answers.length;
    } else {
      if (records.some((one) => unreadable.has(one))) minute.unreadable += 1;
      else minute.empty += 1;
      minute.rows += answers.length;
    }
  }
  for (const { capture } of production.lost) {
    if (!lost.knows(capture)) continue;
    if (theirs.of(capture).some((one) => !pairedShadow.has(one))) minuteOf(capture).onlyShadow += 1;
    else if (lost.of(capture).length > 0) minuteOf(capture).neither += 1;
  }
  return [...minutes.values()].sort((a, b) => a.at - b.at);
}

const NOTHING_MISSING = {
  answered: 0,
  empty: 0,
  unreadable: 0,
  absent: 0,
  rows: 0,
  absentRows: 0,
  onlyShadow: 0,
  neither: 0,
} as const;
