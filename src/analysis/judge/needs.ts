import { counted, DAY, duration, MINUTE } from '../../base/units.ts';
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
export const UNDECIDABLE = {
  difference: needsAdvice('a difference that is not so close to the margin'),
  share: needsAdvice('a share that is not so close to the margin'),
} as const;

/**
 * So many more of what is counted, at the rate at which it comes now: `4 100 more requests, about 2 h 10 min at the current
 * rate`.
 *
 * @param perMinute 0 where the rate is unknown
 */
export function needsMore(
  kind: 'requests' | 'pairs' | 'rows' | 'inputs',
  n: number,
  perMinute = 0,
  plural: string = kind,
): Needs {
  const minutes = perMinute > 0 ? wholeMinutes(n / perMinute) : undefined;
  const time = minutes === undefined ? '' : `, about ${duration(minutes * MINUTE)} at the current rate`;
  return {
    needs: `${counted(n, `more ${plural}`)}${time}`,
    missing: { [kind]: Math.round(n), ...(minutes === undefined ? {} : { minutes }) },
  };
}

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
 * @param seen pairs and rows so far, in so many minutes
 */
export function needsRows(rows: number, seen: { pairs: number; rows: number }, minutes: number): Needs {
  const kind = seen.rows === seen.pairs ? 'pairs' : 'rows';
  return needsMore(kind, rows, minutes > 0 ? seen[kind] / minutes : 0);
}

/** So many more minutes of traffic; `what` says which traffic: ` with labels`. */
export function needsTraffic(minutes: number, what = ''): Needs {
  const whole = wholeMinutes(minutes);
  return { needs: `about ${duration(whole * MINUTE)} more traffic${what}`, missing: { minutes: whole } };
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

/** Rounded up, so that nobody comes back too early: to minutes, and from two days on to days. */
function wholeMinutes(minutes: number): number {
  const whole = Math.max(1, Math.ceil(minutes));
  const day = DAY / MINUTE;
  return whole >= 2 * day ? Math.ceil(whole / day) * day : whole;
}
