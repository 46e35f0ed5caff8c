import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge.ts';
import type { Observations, PairBlock } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy.ts';
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
  expect(gate?.reason).toMatch(/^100 % of the compared rows have a label\. It is right on .* it is better by at least/);
});

test('what only one model gets right in bursts counts for less', () => {
  const width = (found: ReturnType<typeof accuracy>) => (found?.interval?.[1] ?? 0) - (found?.interval?.[0] ?? 0);
  const steady = accuracy(told(() => ({ production: 1, shadow: 1 })));
  const bursts = accuracy(
    told((minute) => (minute % 10 === 0 ? { production: 10, shadow: 10 } : { production: 0, shadow: 0 })),
  );
  expect(steady?.estimate).toBe(bursts?.estimate);
  expect(steady?.outcome).toBe('pass');
  expect(bursts?.outcome).toBe('inconclusive');
  expect(width(bursts)).toBeGreaterThan(2 * width(steady));
});
