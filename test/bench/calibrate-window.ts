import { clusterBlocker } from '../../src/analysis/judge/clusters.ts';
import { coveredBy } from '../../src/analysis/judge/cover.ts';
import { clusteringOf, shareInterval, windowTooShort } from '../../src/analysis/judge/evidence.ts';
import { compare } from '../../src/analysis/judge/verdict.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import type { InputSums, Predictions } from '../../src/analysis/predictions.ts';
import { HOUR, MINUTE } from '../../src/base/units.ts';
import type { Random } from '../support/random.ts';
import { type Ended, LOOK, policy, RATE } from './calibrate-frame.ts';
import { askAccuracy } from './calibrate-shares.ts';

/*
 * What no window can show: what comes at other hours, or later, and rows that hang together by something that nobody names.
 * Each world is judged as it is, and with the line of the policy that makes its error rate hold.
 */

/** Looks every ten minutes for so many hours, and stops at the first decision. */
function watchFor(hours: number, look: (minutes: number) => Outcome): Ended {
  for (let minutes = LOOK; minutes <= hours * 60; minutes += LOOK) {
    const outcome = look(minutes);
    if (outcome !== 'inconclusive') return { outcome, minutes };
  }
  return { outcome: 'inconclusive', minutes: hours * 60 };
}

/** Requests of a minute, and the chance that one of them differs. */
type World = (minute: number) => { rate: number; differing: number };

/** Traffic that swings tenfold with a period, and a chance of differing that swings with it. */
export function diurnal(periodHours: number): World {
  return (minute) => {
    const height = (1 - Math.cos((2 * Math.PI * minute) / (periodHours * 60))) / 2;
    return { rate: RATE * (0.1 + 0.9 * height), differing: 0.05 + 0.07 * height };
  };
}

/** A quiet night, then a day with ten times the traffic. */
export function quietNight(nightHours: number): World {
  return (minute) => {
    const night = minute % 1440 < nightHours * 60;
    return night ? { rate: RATE / 10, differing: 0.03 } : { rate: RATE, differing: 0.103 };
  };
}

/** The chance of differing rises from 2 to 18 % in so many hours. */
export function drift(hours: number): World {
  return (minute) => ({ rate: RATE, differing: 0.02 + (0.16 * minute) / (hours * 60) });
}

/** 3 % differ for two hours, and 20 % from then on. */
export const deployStep: World = (minute) => ({ rate: RATE, differing: minute < 120 ? 0.03 : 0.2 });

/** Agreement of labels in such a world. @param cover milliseconds, as in the policy */
export function agreementIn(random: Random, world: World, hours: number, cover: number | undefined): Ended {
  const minutes: { successes: number; n: number }[] = [];
  const times: number[] = [];
  let [rows, hits] = [0, 0];
  return watchFor(hours, (until) => {
    for (let minute = minutes.length; minute < until; minute += 1) {
      const { rate, differing } = world(minute);
      const n = Math.floor(rate) + (random.next() < rate % 1 ? 1 : 0);
      let successes = 0;
      for (let i = 0; i < n; i += 1) if (random.next() >= differing) successes += 1;
      minutes.push({ successes, n });
      if (n > 0) times.push(minute * MINUTE);
      rows += n;
      hits += successes;
    }
    const { factor } = clusteringOf(minutes, undefined);
    const outcome = compare(shareInterval(hits / factor, rows / factor, policy.alpha, policy), policy.agreement, false);
    if (windowTooShort(outcome, policy, [minutes]) !== undefined) return 'inconclusive';
    const covered = coveredBy(times)?.covered ?? 0;
    return outcome === 'pass' && covered < (cover ?? 0) ? 'inconclusive' : outcome;
  });
}

/** Who asks: a tenth of the users make a third of the traffic, or each minute three of them twenty times each. */
export type Users = 'skewed' | 'sessions';

/** Users of one request after the other. */
function drawUsers(random: Random, users: number, how: Users): number[] {
  if (how === 'skewed') return Array.from({ length: RATE }, () => Math.floor(users * random.next() ** 2));
  return Array.from({ length: 3 }, () => Math.floor(users * random.next())).flatMap((user) =>
    Array.from({ length: RATE / 3 }, () => user),
  );
}

const BLOCKED: Pick<Predictions, 'rows'> = { rows: 1 };

/** Why so few users decide nothing, as the judge finds it. */
function tooFew(sums: InputSums): boolean {
  const clusters = { by: 'user', inputs: sums.inputs, known: sums.rows, agreement: sums };
  const found = { ...BLOCKED, rows: sums.rows, clusters } as unknown as Predictions;
  return clusterBlocker(found, { ...policy, cluster: 'user' }) !== undefined;
}

/**
 * Agreement where all rows of a user agree, or none does: of 90 % of users, a pass is wrong. No input comes twice.
 *
 * @param named the policy says cluster: user
 */
export function userAgreement(
  random: Random,
  users: number,
  how: Users,
  named: boolean,
  share = policy.agreement,
): Ended {
  const agrees = Array.from({ length: users }, () => random.next() < share);
  const counter = new InputCounter();
  const minutes: { successes: number; n: number }[] = [];
  let [rows, hits] = [0, 0];
  return watchFor(6, (until) => {
    while (minutes.length < until) {
      let successes = 0;
      for (const user of drawUsers(random, users, how)) {
        const hit = agrees[user] === true ? 1 : 0;
        counter.add(user, hit);
        successes += hit;
      }
      minutes.push({ successes, n: RATE });
      rows += RATE;
      hits += successes;
    }
    const sums = counter.sums();
    if (named && (sums === undefined || tooFew(sums))) return 'inconclusive';
    const { factor } = clusteringOf(minutes, named ? sums : undefined);
    const outcome = compare(shareInterval(hits / factor, rows / factor, policy.alpha, policy), policy.agreement, false);
    return windowTooShort(outcome, policy, [minutes]) === undefined ? outcome : 'inconclusive';
  });
}

/** Accuracy where a user's rows are wrong alike: only production is right for 4 % of users, only the shadow for 2 %. */
export function userAccuracy(random: Random, users: number, named: boolean): Ended {
  const kinds = Array.from({ length: users }, () => random.next());
  const counters = [new InputCounter(), new InputCounter()] as const;
  const minutes: [{ successes: number; n: number }[], { successes: number; n: number }[]] = [[], []];
  return watchFor(6, (until) => {
    while (minutes[0].length < until) {
      const only: [number, number] = [0, 0];
      for (const user of drawUsers(random, users, 'skewed')) {
        const kind = kinds[user] ?? 1;
        const found = [kind < 0.04 ? 1 : 0, kind >= 0.04 && kind < 0.06 ? 1 : 0] as const;
        for (const i of [0, 1] as const) {
          counters[i].add(user, found[i]);
          only[i] += found[i];
        }
      }
      for (const i of [0, 1] as const) minutes[i].push({ successes: only[i], n: RATE });
    }
    const [b, c] = [counters[0].sums(), counters[1].sums()];
    if (b === undefined || c === undefined || (named && tooFew(b))) return 'inconclusive';
    if (!named) return askAccuracy(...minutes);
    const by = (sums: InputSums) => ({ ...sums, by: 'user' });
    const repeats = { inputs: b.rows, known: b.rows, onlyProduction: by(b), onlyShadow: by(c) };
    return askAccuracy(...minutes, { repeats: repeats as unknown as Predictions['repeats'] });
  });
}

/** A day, as the policy's `cover` says it. */
export const DAY_OF_TRAFFIC = 24 * HOUR;
