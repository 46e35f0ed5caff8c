import { clusterBlocker } from '../../src/analysis/judge/clusters.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import type { InputSums, Predictions } from '../../src/analysis/predictions.ts';
import type { Random } from '../support/random.ts';
import { binomial, type Ended, policy, RATE, type Span, watch } from './calibrate-frame.ts';
import { askAccuracy, judgeShare } from './calibrate-shares.ts';

/*
 * What no window can show: what comes at other hours, or later, and rows that hang together by something that nobody names.
 * Each world is judged as it is, and with the line of the policy that makes its error rate hold.
 */

/** Requests of a minute, and the chance that one of them differs. */
export type World = (minute: number) => { rate: number; differing: number };

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

/** Agreement of labels in such a world. */
export function agreementIn(random: Random, world: World, span: Span): Ended {
  const minutes: { successes: number; n: number }[] = [];
  return watch((until) => {
    for (let minute = minutes.length; minute < until; minute += 1) {
      const { rate, differing } = world(minute);
      const n = Math.floor(rate) + (random.next() < rate % 1 ? 1 : 0);
      minutes.push({ successes: n - binomial(random, n, differing), n });
    }
    return judgeShare(minutes, policy.agreement);
  }, span);
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
  return watch((until) => {
    while (minutes.length < until) {
      let successes = 0;
      for (const user of drawUsers(random, users, how)) {
        const hit = agrees[user] === true ? 1 : 0;
        counter.add(user, hit);
        successes += hit;
      }
      minutes.push({ successes, n: RATE });
    }
    const sums = counter.sums();
    if (named && (sums === undefined || tooFew(sums))) return 'inconclusive';
    return judgeShare(minutes, policy.agreement, { inputs: named ? sums : undefined });
  });
}

/** Accuracy where a user's rows are wrong alike: only production is right for 4 % of users, only the shadow for 2 %. */
export function userAccuracy(random: Random, users: number, named: boolean): Ended {
  const kinds = Array.from({ length: users }, () => random.next());
  const counters = [new InputCounter(), new InputCounter()] as const;
  const minutes: [{ successes: number; n: number }[], { successes: number; n: number }[]] = [[], []];
  return watch((until) => {
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
