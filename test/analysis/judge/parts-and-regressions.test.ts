import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { policyFile } from '../../../src/analysis/policy/kinds.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { Predictions, SliceSums, TruthStratum } from '../../../src/analysis/predictions.ts';
import { parseYaml } from '../../../src/base/yaml.ts';
import { told } from '../labelled.ts';
import { blocks, observed, paired } from './by-hand.ts';

/** Of each class: rows on which the models differ, how many have a label, and of those what only one has right. */
type Class = [
  name: string,
  rows: number,
  differing: number,
  labelled: number,
  onlyProduction: number,
  onlyShadow: number,
];

function judged(classes: readonly Class[], changed: Partial<Policy>, rest: Partial<Predictions> = {}) {
  const strata = classes.flatMap(
    ([production, rows, differing, labelled, onlyProduction, onlyShadow]): TruthStratum[] => [
      {
        production,
        differ: false,
        rows: rows - differing,
        labelled: rows - differing,
        onlyProduction: 0,
        onlyShadow: 0,
      },
      { production, differ: true, rows: differing, labelled, onlyProduction, onlyShadow },
    ],
  );
  const sum = (of: (one: TruthStratum) => number) => strata.reduce((all, one) => all + of(one), 0);
  const minutes = 100;
  const each = (n: number) => n / minutes;
  const [only, also] = [sum((one) => one.onlyProduction), sum((one) => one.onlyShadow)];
  const list = blocks(minutes, () => ({
    rows: each(sum((one) => one.rows)),
    agree: each(sum((one) => (one.differ ? 0 : one.rows))),
    truth: each(sum((one) => one.labelled)),
    onlyProduction: each(only),
    onlyShadow: each(also),
  }));
  const truth: Predictions['truth'] = {
    rows: sum((one) => one.labelled),
    of: sum((one) => one.rows),
    labels: { production: 100 + only, shadow: 100 + also, onlyProduction: only, onlyShadow: also },
    numbers: undefined,
    unknown: 0,
    strata,
    // What is really the case is here what production says.
    cells: strata.map(({ production, differ, labelled, onlyProduction, onlyShadow }) => ({
      production,
      differ,
      truth: production,
      rows: labelled,
      right: differ ? onlyProduction : labelled,
      shadowRight: differ ? onlyShadow : labelled,
    })),
  };
  const predictions = paired(list, { truth: classes.length === 0 ? undefined : truth, ...rest });
  const verdict = judge(observed({ minutes, predictions }), { ...DEFAULT_POLICY, ...changed });
  const gate = (id: string) => verdict?.gates.find((one) => one.id === id);
  return { gate, verdict };
}

describe('what was right and is not any more', () => {
  test.each<[string, Class, number, string]>([
    ['few', ['a', 6000, 300, 300, 30, 200], 0.02, 'pass'],
    ['many, though it mends more', ['a', 6000, 900, 900, 300, 500], 0.02, 'fail'],
    ['close by', ['a', 6000, 300, 300, 115, 120], 0.02, 'inconclusive'],
    ['few, and most that differ have no label', ['a', 6000, 300, 30, 2, 25], 0.02, 'inconclusive'],
    ['few, by labels of a third', ['a', 6000, 300, 100, 10, 70], 0.04, 'pass'],
  ])('%s', (_, one, regressions, outcome) => {
    const { gate } = judged([one, ['b', 1000, 0, 0, 0, 0]], { regressions });
    expect(gate('truth.regressions')).toMatchObject({ outcome, gating: true, margin: regressions });
  });

  test('the estimate is their share of all rows, weighed', () => {
    const { gate } = judged([['a', 6000, 300, 260, 30, 60]], { regressions: 0.02 });
    expect(gate('truth.regressions')?.estimate).toBeCloseTo((30 / 260) * (300 / 6000), 9);
  });

  test('is not asked unless the policy says how many', () => {
    expect(judged([['a', 6000, 300, 300, 30, 200]], {}).gate('truth.regressions')).toBeUndefined();
  });
});

describe('without its best part', () => {
  const decide = ['stability'];

  test('better in one class only: accuracy passes, and stability does not', () => {
    const { gate } = judged(
      [
        ['a', 4000, 400, 400, 200, 50],
        ['b', 2000, 600, 600, 20, 500],
      ],
      { decide },
    );
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
    expect(gate('stability')).toMatchObject({ outcome: 'fail', gating: true, n: 4000 });
    expect(gate('stability')?.reason).toContain('that are really b');
  });

  test('as good in every class', () => {
    const classes: Class[] = ['a', 'b', 'c'].map((name) => [name, 3000, 100, 100, 45, 50]);
    expect(judged(classes, { decide }).gate('stability')).toMatchObject({ outcome: 'pass', n: 6000 });
    expect(judged(classes, {}).gate('stability')).toBeUndefined();
  });

  test('a class that holds nearly all is no part', () => {
    const { gate } = judged(
      [
        ['ok', 8000, 100, 100, 45, 50],
        ['fraud', 200, 100, 100, 45, 50],
      ],
      { decide },
    );
    expect(gate('stability')).toMatchObject({ outcome: 'pass', n: 8000 });
  });

  test('two models that are equal everywhere, of which production gives one class too often', () => {
    const { gate } = told(
      (random) => {
        const truth = ['a', 'b', 'c'][Math.floor(3 * random.next())] ?? 'a';
        const wrong = truth === 'a' ? 'b' : 'a';
        const lot = random.next();
        const [production, shadow] = [lot < 0.1 ? wrong : truth, lot > 0.06 && lot < 0.16 ? wrong : truth];
        return { production, shadow, truth, labelled: true };
      },
      { decide, truth: 0.03 },
      90,
      60,
    );
    // Among rows to which production gives b or c it is nearly always right, and the shadow is not.
    expect(gate('stability')).toMatchObject({ outcome: 'pass' });
  });

  test('without labels, by parts of the inputs', () => {
    const slices: SliceSums[] = [0, 1, 2, 3].map((i) => ({
      column: 'x',
      part: `q${i}`,
      rows: 1500,
      hits: i === 0 ? 1500 : 1290,
      inputs: 1500,
    }));
    const agree = 1500 + 3 * 1290;
    const labels = { rows: 6000, agree, confusion: { labels: [], counts: [] }, classes: 5, kappa: undefined };
    const list = blocks(100, () => ({ agree: agree / 100 }));
    const asked = (policy: Partial<Policy>) =>
      judged([], { decide, ...policy }, { slices, labels, blocks: list, rows: 6000, pairs: 6000 });
    // 90 % in all; 86 % without the best quarter.
    expect(asked({ agreement: 0.9, tasks: {}, expect: { kind: 'same' } }).gate('stability')).toMatchObject({
      outcome: 'fail',
      estimate: expect.closeTo(0.86, 9),
    });
    expect(asked({ agreement: 0.9, tasks: {} }).gate('stability')).toMatchObject({ outcome: 'inconclusive' });
    expect(asked({ agreement: 0.83, tasks: {} }).gate('stability')).toMatchObject({ outcome: 'pass' });
    expect(judged([], { decide }, { slices: [] }).gate('stability')).toMatchObject({
      outcome: 'inconclusive',
      gating: true,
    });
  });
});

test('policies for kinds of change name them', () => {
  const policy = (kind: Parameters<typeof policyFile>[0]) =>
    readPolicy((parseYaml(policyFile(kind), kind) as { policy: unknown }).policy, kind);
  expect(policy('retrain')).toMatchObject({ regressions: 0.05, decide: ['stability'] });
  expect(policy('quantize')).toMatchObject({ regressions: 0.01, decide: ['stability'] });
  expect(policy('container')).toMatchObject({ regressions: 0.005, decide: [] });
  expect(policy('llm-swap').regressions).toBeUndefined();
});
