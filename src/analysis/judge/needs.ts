import { counted, DAY, duration, HOUR, MINUTE } from '../../base/units.ts';
import type { Gate } from './verdict.ts';

/** What an open gate still needs: the sentence for people, and the numbers that it was made from. */
export type Needs = Pick<Gate, 'needs' | 'missing'>;

/** What stands in the way of a decision about predictions. */
export interface Blocker {
  /** Goes on after "but". */
  reason: string;
  /** Pairs that are missing at least; 0 where more of them would not help. */
  missing: number;
  of?: 'different inputs';
  /** What helps instead of more pairs. */
  needs?: Needs;
}

/** A decided gate needs nothing. */
export const NOTHING: Needs = { needs: undefined, missing: undefined };

/** What helps cannot be counted. */
export function needsAdvice(advice: string): Needs {
  return { needs: advice, missing: undefined };
}

/** An estimate so close to its margin that no amount of evidence that could be collected would decide. */
export const UNDECIDABLE = needsAdvice(
  'another margin: what was seen lies too close to this one for more traffic to decide',
);

/** So many more of what is counted, as many as are known to be missing: `4 100 more pairs`. */
export function needsMore(kind: Counted, n: number, plural: string = kind): Needs {
  return { needs: counted(n, `more ${plural}`), missing: { [kind]: Math.round(n) } };
}

/**
 * So many more as would decide if the estimate stayed where it is, at the rate at which they come now: `5 000 more requests,
 * about 3 h at the current rate`. Such a need swings from look to look, as the estimate does, so it is told in steps.
 *
 * @param seen how many came so far, in so many minutes; 0 minutes where that is unknown
 * @param known so many are missing whatever the estimate: a number that is told as it is
 */
export function needsAbout(
  kind: Counted,
  n: number,
  seen: { n: number; minutes: number },
  { plural = kind, known = 0 }: { plural?: string; known?: number } = {},
): Needs {
  const about = known >= n ? Math.round(known) : Math.ceil(upTo(n, COUNTS));
  const words = counted(about, `more ${plural}`);
  if (!(seen.minutes > 0 && seen.n > 0)) return { needs: words, missing: { [kind]: about } };
  const time = timeFor((Math.max(n, known) * seen.minutes) / seen.n, seen.minutes);
  return {
    needs: `${words}, ${timeWords(time)} at the current rate`,
    missing: { [kind]: about, ...time },
  };
}

type Counted = 'requests' | 'pairs' | 'rows' | 'inputs';

/** So many more labels, of rows that have been compared; `report --label-next` writes them. @param which of these rows */
export function needsLabels(n: number, which = ''): Needs {
  const labels = Math.max(1, Math.ceil(n));
  return {
    needs: `about ${counted(labels, 'more labels')} of rows on which the models differ${which}`,
    missing: { labels },
  };
}

/**
 * So many more compared rows; pairs where each holds one.
 *
 * @param rows as many as would decide if the estimate stayed where it is, and as many as are missing whatever it is
 * @param seen pairs and rows so far, in so many minutes
 */
export function needsRows(
  rows: { about: number; known: number },
  seen: { pairs: number; rows: number },
  minutes: number,
): Needs {
  const kind = seen.rows === seen.pairs ? 'pairs' : 'rows';
  return needsAbout(kind, rows.about, { n: seen[kind], minutes }, { known: rows.known });
}

/** So many more minutes of traffic, as many as are known to be missing; `what` says which traffic: ` with labels`. */
export function needsTraffic(minutes: number, what = ''): Needs {
  const whole = wholeMinutes(minutes);
  return { needs: `about ${duration(whole * MINUTE)} more traffic${what}`, missing: { minutes: whole } };
}

/** So many minutes of traffic as would decide if the estimate stayed where it is, in steps as `needsAbout` tells them. */
export function needsTrafficAbout(minutes: number, seenMinutes: number): Needs {
  const time = timeFor(minutes, seenMinutes);
  const words = time.atLeast === true ? 'more than another day of traffic' : `${timeWords(time)} more traffic`;
  return { needs: words, missing: time };
}

/** So many more days of a batch; `what` says which: ` with labels`. */
export function needsDays(days: number, what = ''): Needs {
  return { needs: `${counted(days, 'more days')}${what}`, missing: { minutes: (days * DAY) / MINUTE } };
}

/** How long a window must be at least: `80 minutes with answers are needed`. @param which of them count */
export function minutesNeeded(minutes: number, which: string): string {
  return `${counted(minutes, 'minutes')} ${which} ${minutes === 1 ? 'is' : 'are'} needed`;
}

/** Sending the same inputs again tells nothing new. */
export function needsNewInputs(n: number): Needs {
  const inputs = Math.max(2, Math.round(n));
  return {
    needs: `about ${counted(inputs, 'inputs')} that have not been sent yet (repeating the same ones says nothing new)`,
    missing: { inputs },
  };
}

type Time = { minutes: number; atLeast?: true };

/**
 * What is needed beyond what was seen comes from how far the estimate lies from its margin. Bounds lie about three standard
 * errors out; where the need is n times what was seen, the margin is 3 / √(n + 1) of them away: from n = 8 on one, so that
 * by the next look there may be no distance at all.
 */
const KNOWN_TIMES = 8;

function timeFor(minutes: number, seenMinutes: number): Time {
  const day = DAY / MINUTE;
  if (minutes > day && minutes > KNOWN_TIMES * seenMinutes) return { minutes: day, atLeast: true };
  const hour = HOUR / MINUTE;
  if (minutes <= hour / 2) return { minutes: upTo(minutes, TIMES) };
  if (minutes <= 3 * hour) return { minutes: Math.ceil(minutes / hour) * hour };
  if (minutes <= day / 4) return { minutes: day / 4 };
  if (minutes <= 2 * day) return { minutes: (Math.ceil((2 * minutes) / day) * day) / 2 };
  return { minutes: upTo(minutes / day, TIMES) * day };
}

function timeWords({ minutes, atLeast }: Time): string {
  if (atLeast === true) return 'more than a day';
  return `about ${duration(minutes * MINUTE)}`;
}

/** Leading digits of the steps in which numbers, and times, are told. */
const COUNTS: readonly number[] = [1, 1.5, 2, 3, 5, 7, 10];
const TIMES: readonly number[] = [1, 2, 3, 5, 10];

/** The next step at or above a number: one of the leading digits times a power of ten, at least 1. */
function upTo(n: number, leading: readonly number[]): number {
  if (n <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  // A hair above a step is that step: 0.1 × 3 is more than 0.3.
  return (leading.find((step) => n <= step * power * (1 + 1e-9)) ?? 10) * power;
}

/** Rounded up, so that nobody comes back too early: to minutes, and from two days on to days. */
function wholeMinutes(minutes: number): number {
  const whole = Math.max(1, Math.ceil(minutes));
  const day = DAY / MINUTE;
  return whole >= 2 * day ? Math.ceil(whole / day) * day : whole;
}
