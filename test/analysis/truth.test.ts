import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import type { Observations } from '../../src/analysis/observations.ts';
import type { PairBlock } from '../../src/analysis/predictions.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { simulate } from './simulated.ts';

/** 6 000 rows with truth: `onlyShadow` a minute that only the shadow has right, likewise for production. */
function told(only: (minute: number) => { production: number; shadow: number }): Observations {
  const observations = simulate();
  const { predictions } = observations;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const blocks = predictions.blocks.map((block, i): PairBlock => {
    const { production, shadow } = only(i);
    return { ...block, truth: block.rows, onlyProduction: production, onlyShadow: shadow };
  });
  const sum = (of: (block: PairBlock) => number | undefined) =>
    blocks.reduce((total, one) => total + (of(one) ?? 0), 0);
  const [onlyProduction, onlyShadow] = [sum((block) => block.onlyProduction), sum((block) => block.onlyShadow)];
  const labels = { production: 4000 + onlyProduction, shadow: 4000 + onlyShadow, onlyProduction, onlyShadow };
  const truth = { rows: predictions.rows, of: predictions.rows, labels, numbers: undefined, unknown: 0 };
  return { ...observations, predictions: { ...predictions, blocks, truth } };
}

function accuracy(observations: Observations) {
  return judge(observations, DEFAULT_POLICY)?.gates.find((gate) => gate.id === 'truth.accuracy');
}

test('coverage of the labels comes first, and a better shadow is called better', () => {
  const gate = accuracy(told(() => ({ production: 1, shadow: 6 })));
  expect(gate?.outcome).toBe('pass');
  expect(gate?.reason).toMatch(
    /^100 % of the compared rows have a label\. It is correct on .* it is better by at least/,
  );
});

test('what only one model gets right in bursts counts for less', () => {
  const width = (found: ReturnType<typeof accuracy>) => (found?.interval?.[1] ?? 0) - (found?.interval?.[0] ?? 0);
  const steady = accuracy(told(() => ({ production: 1, shadow: 1 })));
  const bursts = accuracy(
    told((minute) => ({ production: minute % 20 === 0 ? 20 : 0, shadow: minute % 20 === 10 ? 20 : 0 })),
  );
  expect(steady?.estimate).toBe(bursts?.estimate);
  expect(steady?.outcome).toBe('pass');
  expect(bursts?.outcome).toBe('inconclusive');
  expect(width(bursts)).toBeGreaterThan(2 * width(steady));
});

test('labels that equal no answer at all decide nothing, though neither model loses anything', () => {
  const found = told(() => ({ production: 0, shadow: 0 }));
  const { predictions } = found;
  if (predictions?.truth === undefined) throw new Error('the simulation has a truth');
  const labels = { production: 0, shadow: 0, onlyProduction: 0, onlyShadow: 0 };
  const gate = (wrong: typeof labels) =>
    accuracy({ ...found, predictions: { ...predictions, truth: { ...predictions.truth!, labels: wrong } } });
  expect(gate(labels)).toMatchObject({
    outcome: 'inconclusive',
    needs: expect.stringContaining('labels in the words of the answers'),
  });
  expect(gate({ ...labels, production: 1, shadow: 1 })?.outcome).toBe('pass');
});

/** 6 000 rows with numbers for truth: mean absolute errors, and the scatter of their difference per row. */
function measured(maeProduction: number, maeShadow: number, lossDeviation: number): Observations {
  const observations = simulate();
  const { predictions } = observations;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const loss = maeShadow - maeProduction;
  const truth = { rows: 6000, of: 6000, labels: undefined, unknown: 0 };
  const numbers = { maeProduction, maeShadow, loss, lossDeviation };
  const blocks = predictions.blocks.map((block) => ({ ...block, truth: block.rows, loss: loss * block.rows }));
  return { ...observations, predictions: { ...predictions, blocks, truth: { ...truth, numbers } } };
}

function error(observations: Observations) {
  return judge(observations, DEFAULT_POLICY)?.gates.find((gate) => gate.id === 'truth.error');
}

test("the mean absolute error lost is a share of production's, whatever the unit", () => {
  // 2 % are allowed: half as much again is too much, be it 0.005 of 0.01 or 500 of 1 000.
  for (const unit of [0.01, 1, 1000]) {
    const scaled = (change: number) => {
      const found = measured(10 * unit, 10 * change * unit, unit);
      const { predictions } = found;
      if (predictions?.numbers === undefined) throw new Error('the simulation has numbers');
      const histogram = { ...predictions.numbers.histogram, low: 0, high: 50 * unit };
      return error({ ...found, predictions: { ...predictions, numbers: { ...predictions.numbers, histogram } } });
    };
    expect(scaled(1.5)).toMatchObject({ outcome: 'fail' });
    expect(scaled(1.02)).toMatchObject({ outcome: 'inconclusive' });
    expect(scaled(0.98)).toMatchObject({ outcome: 'pass' });
    expect(scaled(1.5)?.estimate).toBeCloseTo(0.5, 12);
    expect(scaled(1.5)?.interval).toEqual([expect.closeTo(0.5, 1), expect.closeTo(0.5, 1)]);
  }
});

test("a production without any error is measured by the shadow's own; without scatter nothing rare is excluded", () => {
  expect(error(measured(0, 0.3, 0.1))).toMatchObject({ outcome: 'fail', estimate: 1 });
  expect(error(measured(0, 0, 0))).toMatchObject({ outcome: 'pass', estimate: 0 });
  // Scores between 0.5 and 1, and errors of a thousandth: one row in two thousand could lose more than 2 % of them.
  expect(error(measured(0.001, 0.001, 0))).toMatchObject({ outcome: 'inconclusive' });
});

test('labels for a handful of inputs, again and again, decide nothing', () => {
  const found = measured(1, 0.5, 0.1);
  const { predictions } = found;
  const loss = {
    inputs: 5,
    rows: 6000,
    rowsSquared: 7_200_000,
    sum: -3000,
    sumSquared: 1_800_000,
    cross: -3_600_000,
    between: 1500,
    squares: 1500,
  };
  const repeats = {
    inputs: 6000,
    known: 6000,
    agreement: undefined,
    beyond: undefined,
    onlyProduction: undefined,
    onlyShadow: undefined,
    loss,
  };
  const gate = error({ ...found, predictions: { ...(predictions as NonNullable<typeof predictions>), repeats } });
  expect(gate).toMatchObject({ outcome: 'inconclusive', needs: '295 more different inputs' });
  expect(gate?.reason).toContain('hold only 5 different inputs');
});

test('labels that wait for their rows are not told to be wrong', () => {
  const seen = told(() => ({ production: 1, shadow: 1 }));
  const { predictions } = seen;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const truth = { rows: 0, of: 0, labels: undefined, numbers: undefined, unknown: 2998 };
  const gates = judge({ ...seen, predictions: { ...predictions, truth } }, DEFAULT_POLICY)?.gates;
  expect(gates?.find(({ id }) => id === 'truth')).toMatchObject({
    outcome: 'inconclusive',
    reason: 'No answers have been compared yet, so no label has its row.',
  });
});
