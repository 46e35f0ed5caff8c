import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { Report } from '../../../src/report/report.ts';
import { violations } from '../../report/schema.ts';
import { simulate } from '../../analysis/simulated.ts';
import { type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  const save = (name: string, observations: Observations) =>
    writeFileSync(join(world.root, name), JSON.stringify(observations));
  const early = simulate({ minutes: 50, options: { tolerance: 0.1 } });
  const later = simulate({ minutes: 50, seed: 2, options: { tolerance: 0.1 } });
  const shifted = 60 * 60_000;
  const next = {
    ...later,
    window: { from: later.window.from + shifted, to: later.window.to + shifted },
    metrics: { ...later.metrics, times: later.metrics.times.map((at) => at + shifted) },
    predictions: later.predictions && {
      ...later.predictions,
      blocks: later.predictions.blocks.map((block) => ({ ...block, at: block.at + shifted })),
    },
  };
  save('a.json', early);
  save('b.json', next);
  save('other.json', { ...next, shadow: { ...next.shadow, name: 'shadow', model: 'weather-v3' } });
});
afterAll(() => world.close());

const report = (flags: string) => world.shadowctl(`report ${flags} --format json`);

test.each(['--from', '--files'])('windows that were saved are judged together (%s)', async (flag) => {
  expect(await report(`${flag} a.json`)).toMatchObject({ code: 3 });
  const together = await report(`${flag} b.json ${flag} a.json`);
  const { observations, verdict } = JSON.parse(together.out) as Report;
  expect(observations.predictions).toMatchObject({ pairs: 6000, merged: 2 });
  expect(observations.metrics.times).toHaveLength(100);
  expect(verdict?.gates.find(({ id }) => id === 'labels.agreement')?.outcome).toBe('pass');
  expect(violations(JSON.parse(together.out))).toEqual([]);
});

test('what is evidence about something else is refused, and so is what is no file', async () => {
  expect(await report('--from a.json --from other.json')).toMatchObject({
    code: 2,
    err: expect.stringContaining('the models are weather-v2 and weather-v3'),
  });
  expect(await report('--from a.json --from a.json')).toMatchObject({
    code: 2,
    err: expect.stringContaining('their windows overlap'),
  });
  expect(await report('--from a.json --from nowhere.json')).toMatchObject({ code: 2 });
  expect(await report('--endpoint w --from 2026-01-05T09:00Z --from 2026-01-05T10:00Z')).toMatchObject({
    code: 2,
    err: expect.stringContaining('One window has one --from'),
  });
});
