import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Random } from '../support/random.ts';

/** What all simulated endpoints have in common. */
export const HOURS = 6;
export const MINUTES = HOURS * 60;
export const LOOK = 10;
const LONG_LOOK = 60;
export const RATE = 60;
/** Times are in units of production's own, so that no floor of milliseconds is meant, but where a line says so. */
export const policy = { ...DEFAULT_POLICY, latencyFloor: 0 };

export interface Ended {
  outcome: Outcome;
  /** Minutes until the first decision; where it is labels that are counted, labels. */
  minutes: number;
}

/** How long an endpoint is watched, and how much traffic its policy says that a pass must cover; hours. */
export interface Span {
  hours?: number;
  cover?: number;
}

/** Looks every ten minutes (of more than a day, every hour) and stops at the first decision, as `report --watch` does. */
export function watch(look: (minutes: number) => Outcome, { hours = HOURS, cover = 0 }: Span = {}): Ended {
  const until = hours * 60;
  const step = hours > 24 ? LONG_LOOK : LOOK;
  for (let minutes = step; minutes <= until; minutes += step) {
    const outcome = look(minutes);
    if (outcome === 'fail' || (outcome === 'pass' && minutes >= cover * 60)) return { outcome, minutes };
  }
  return { outcome: 'inconclusive', minutes: until };
}

/** Minutes of such a span. */
export function minutesOf({ hours = HOURS }: Span): number {
  return hours * 60;
}

/** A world that is simulated again and again, each time by another seed. */
export interface Line {
  title: string;
  class: LineClass;
  /** Outcomes that are wrong; each may come in 5 % of trials at most. */
  wrong: readonly Outcome[];
  trial: (random: Random) => Ended;
  /** Of one that takes long, at most so many trials. */
  trials?: number | undefined;
  /** Power: the median decision should come so soon, in minutes or labels. */
  within?: number | undefined;
  unit?: 'labels' | 'days' | undefined;
}

/**
 * `held`: a wrong outcome comes in 5 % at most. `noticed`: neither outcome does, because what is wrong, or what is missing,
 * shows. `not knowable`: no window shows what it does not happen to fall into; the rate is measured, and a line of the policy
 * holds it. `power`: how soon the right answer comes.
 */
export type LineClass = 'held' | 'noticed' | 'not knowable' | 'power';

/** Both outcomes are wrong: a decision on the margin, or where what it takes is missing. */
const EITHER: readonly Outcome[] = ['pass', 'fail'];

/** How lines are written down: what is wrong of them first, and what else there is to say. */
export function adding(lines: Line[]) {
  return (
    title: string,
    trial: Line['trial'],
    wrong: Outcome | 'either' | undefined,
    more: Partial<Pick<Line, 'class' | 'trials' | 'within' | 'unit'>> = {},
  ): void => {
    const outcomes = wrong === undefined ? [] : wrong === 'either' ? EITHER : [wrong];
    // A median needs fewer than a rate of 5 %.
    const power = { class: 'power' as const, trials: 200 };
    lines.push({ title, class: 'held', wrong: outcomes, trial, ...(wrong === undefined ? power : {}), ...more });
  };
}

/** AR(1) of standard deviation 1: each value keeps `phi` of the one before. */
export function autoregressive(random: Random, phi: number, count: number): number[] {
  let last = random.normal();
  return Array.from({ length: count }, () => {
    const value = last;
    last = phi * last + Math.sqrt(1 - phi * phi) * random.normal();
    return value;
  });
}

/** Hits among n independent requests. */
export function binomial(random: Random, n: number, chance: number): number {
  if (chance <= 0) return 0;
  if (chance >= 1) return n;
  const [mean, variance] = [n * chance, n * chance * (1 - chance)];
  if (variance > 100) return Math.min(n, Math.max(0, Math.round(mean + Math.sqrt(variance) * random.normal())));
  // Leaps from hit to hit (Devroye 1986, chapter X.4).
  let hits = -1;
  for (let at = 0; at <= n; hits += 1) at += 1 + Math.floor(Math.log(1 - random.next()) / Math.log1p(-chance));
  return hits;
}
