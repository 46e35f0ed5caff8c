import { describe, expect, test } from 'vitest';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/analysis/policy/policy.ts';
import { apartWithin, totalVariation } from '../../../src/analysis/routed/distances.ts';
import { judgeRouted } from '../../../src/analysis/routed/judge.ts';
import { RoutedSide } from '../../../src/analysis/routed/side.ts';
import type { Answer } from '../../../src/analysis/answers/answer.ts';
import { seededRandom } from '../../support/random.ts';

const MINUTE = 60_000;
const POLICY: Policy = { ...DEFAULT_POLICY, agreement: 0.8, numbers: { tolerance: undefined, share: 0.15 } };

interface Answered {
  answer: Answer;
  truth?: string | undefined;
}

/** Rows over a hundred minutes. */
function side(rows: number, of: (i: number) => Answered, inputs = rows): RoutedSide {
  const made = new RoutedSide();
  for (let i = 0; i < rows; i += 1) {
    const { answer, truth } = of(i);
    made.request({ data: `${i % inputs}`, encoding: 'CSV', contentType: undefined }, [answer]);
    made.row((i % 100) * MINUTE, answer, truth);
  }
  return made;
}

interface Case {
  production: (i: number) => Answered;
  candidate: (i: number) => Answered;
  elsewhere?: (i: number) => Answered;
  rows?: number;
  inputs?: number;
  controls?: number;
  policy?: Partial<Policy>;
  labels?: boolean;
}

function judged({
  production,
  candidate,
  elsewhere = production,
  rows = 4000,
  inputs,
  controls = 8000,
  policy,
  labels,
}: Case) {
  const control = { before: side(controls, production), since: side(controls, elsewhere) };
  const evidence = {
    slice: 'DE',
    candidate: side(rows, candidate, inputs),
    production: side(rows, production),
    control,
  };
  return judgeRouted(evidence, { ...POLICY, ...policy }, labels === true);
}

const gate = (all: readonly Gate[], id: string) => all.find((one) => one.id === id);

/** Each class with its share. */
const classes = (shares: Record<string, number>, seed: number) => {
  const random = seededRandom(seed);
  return (): Answered => {
    let at = random.next();
    for (const [label, share] of Object.entries(shares)) if ((at -= share) < 0) return { answer: { label } };
    return { answer: { label: Object.keys(shares)[0] ?? '' } };
  };
};
const normal = (mean: number, seed: number, noise?: number) => {
  const random = seededRandom(seed);
  return (): Answered => {
    const number = mean + random.normal();
    return { answer: { number }, ...(noise === undefined ? {} : { truth: String(number + noise * random.normal()) }) };
  };
};

describe('answers to a slice, without pairs', () => {
  const usual = { a: 0.5, b: 0.3, c: 0.2 };

  test('classes: the same pass, others fail, by the distance that agreement leaves', () => {
    const same = judged({ production: classes(usual, 1), candidate: classes(usual, 2) });
    expect(gate(same, 'distance.classes')).toMatchObject({ outcome: 'pass', margin: expect.closeTo(0.2, 9) });
    const other = judged({ production: classes(usual, 1), candidate: classes({ a: 0.05, b: 0.3, c: 0.65 }, 2) });
    expect(gate(other, 'distance.classes')?.outcome).toBe('fail');
  });

  test('what changed elsewhere as well is nothing that the candidate did', () => {
    const moved = { a: 0.05, b: 0.3, c: 0.65 };
    const found = judged({ production: classes(usual, 1), candidate: classes(moved, 2), elsewhere: classes(moved, 3) });
    expect(gate(found, 'distance.classes')?.outcome).toBe('inconclusive');
  });

  test('nothing that production still answers: time and candidate cannot be told apart', () => {
    const found = judged({ production: classes(usual, 1), candidate: classes(usual, 2), controls: 10 });
    expect(gate(found, 'distance.classes')?.outcome).toBe('inconclusive');
  });

  test('the same few inputs again and again say little', () => {
    const found = judged({ production: classes(usual, 1), candidate: classes(usual, 2), inputs: 20 });
    expect(gate(found, 'distance.classes')).toMatchObject({ outcome: 'inconclusive', missing: { inputs: 280 } });
  });

  test('numbers: the same pass, shifted ones fail', () => {
    const same = judged({ production: normal(0, 1), candidate: normal(0, 2) });
    expect(gate(same, 'distance.numbers')?.outcome).toBe('pass');
    const other = judged({ production: normal(0, 1), candidate: normal(1, 2) });
    expect(gate(other, 'distance.numbers')?.outcome).toBe('fail');
    const asked = judged({ production: normal(0, 1), candidate: normal(0, 2), policy: { distances: { ks: 0.2 } } });
    expect(gate(asked, 'distance.ks')?.outcome).toBe('pass');
  });

  test('free answers have no distribution', () => {
    const free = (): Answered => ({ answer: { other: '"words"' } });
    expect(gate(judged({ production: free, candidate: free }), 'distance.classes')?.outcome).toBe('inconclusive');
  });

  test('labels decide, and the distribution informs', () => {
    const exact = judged({
      production: normal(0, 1, 0.1),
      candidate: normal(1, 2, 0.1),
      labels: true,
      policy: { truth: 0.2 },
    });
    expect(gate(exact, 'truth.error')?.outcome).toBe('pass');
    expect(gate(exact, 'distance.numbers')).toMatchObject({ outcome: 'fail', gating: false });
    const worse = judged({
      production: normal(0, 1, 0.1),
      candidate: normal(0, 2, 0.3),
      labels: true,
      policy: { truth: 0.2 },
    });
    expect(gate(worse, 'truth.error')?.outcome).toBe('fail');
  });

  test('requests that became easier elsewhere make a candidate that errs as before no good one', () => {
    const easier = {
      production: normal(0, 1, 0.1),
      candidate: normal(0, 2, 0.1),
      labels: true,
      policy: { truth: 0.2 },
    };
    expect(gate(judged(easier), 'truth.error')?.outcome).toBe('pass');
    const found = judged({ ...easier, elsewhere: normal(0, 3, 0.02) });
    expect(gate(found, 'truth.error')?.outcome).toBe('inconclusive');
  });

  test('labels that are rarer on one side may be of other rows', () => {
    const right = (i: number): Answered => ({
      answer: { label: 'a' },
      truth: Math.floor(i / 100) % 10 === i % 10 ? 'b' : 'a',
    });
    const rarer = (i: number): Answered => (Math.floor(i / 100) % 4 === 0 ? { answer: { label: 'a' } } : right(i));
    const found = { production: right, candidate: rarer, labels: true };
    expect(gate(judged(found), 'truth.accuracy')?.outcome).toBe('inconclusive');
    expect(gate(judged({ ...found, policy: { labels: 'random', truth: 0.1 } }), 'truth.accuracy')?.outcome).toBe(
      'pass',
    );
  });

  test('a candidate that is worse by the margin passes in no more cases than alpha', () => {
    let [classesPassed, truthPassed] = [0, 0];
    for (let seed = 0; seed < 40; seed += 1) {
      const worse = { a: 0.3, b: 0.3, c: 0.4 };
      const found = judged({
        rows: 2000,
        controls: 2000,
        production: classes(usual, seed),
        candidate: classes(worse, 1000 + seed),
        policy: { looks: 'once' },
      });
      if (gate(found, 'distance.classes')?.outcome === 'pass') classesPassed += 1;
      const random = seededRandom(seed);
      const right = (share: number) => (): Answered => ({
        answer: { label: 'a' },
        truth: random.next() < share ? 'a' : 'b',
      });
      const truth = judged({
        rows: 2000,
        controls: 2000,
        production: right(0.9),
        candidate: right(0.88),
        labels: true,
        policy: { looks: 'once' },
      });
      if (gate(truth, 'truth.accuracy')?.outcome === 'pass') truthPassed += 1;
    }
    expect(classesPassed).toBe(0);
    expect(truthPassed).toBeLessThanOrEqual(4);
  });
});

test('distances', () => {
  expect(totalVariation([1, 1], [2, 0])).toBe(0.5);
  expect(totalVariation([1], [0])).toBe(0);
  expect(apartWithin([1, 2, 3, 4], [1, 2, 3, 4], 0)).toBe(0);
  expect(apartWithin([1, 2, 3, 4], [2, 3, 4, 5], 0)).toBe(0.25);
  expect(apartWithin([1, 2, 3, 4], [2, 3, 4, 5], 1)).toBe(0);
  expect(apartWithin([1, 2, 3, 9], [2, 3, 4, 5], 1)).toBe(0.25);
});
