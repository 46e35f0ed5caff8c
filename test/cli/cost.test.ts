import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const NEW = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2`;

/** What a plan costs, as machines read it; the examination of a canary may find more. */
async function cost(line: string, env?: Record<string, string>) {
  const { out, err, code } = await world.shadowctl(`${line} --plan --format json`, env && { env });
  expect([0, 4], err).toContain(code);
  return JSON.parse(out).cost;
}

test('every plan says what it costs: all variants, both fleets while they stand, and afterwards', async () => {
  expect(await cost(DEPLOY)).toEqual({ during: null, after: 0.23, seconds: null, unknown: [] });
  const { code, err } = await world.shadowctl(`${DEPLOY} --yes`);
  expect(code, err).toBe(0);
  const both = (one: { during: number; after: number }) => [one.during.toFixed(2), one.after.toFixed(2)];
  expect(both(await cost(`deploy ${ON} ${NEW}`))).toEqual(['0.46', '0.23']);
  expect(both(await cost(`deploy ${ON} --instances 4`))).toEqual(['0.69', '0.46']);
  // The shadow's fleet stays.
  expect(both(await cost(`shadow ${ON} ${NEW} --instances 1`))).toEqual(['0.58', '0.35']);
  const canary = await cost(`canary ${ON} ${NEW} --bake 5m --final-bake 10m --unguarded`);
  expect([...both(canary), canary.seconds]).toEqual(['0.46', '0.23', 900]);
  expect(both(await cost(`rollout ${ON} ${NEW} --steps 50%,100%`))).toEqual(['0.46', '0.23']);
  const { out } = await world.shadowctl(`canary ${ON} ${NEW} --unguarded --plan`);
  expect(out.replace(/\s+/g, ' ')).toContain('about $0.46 an hour; then about $0.23 an hour (estimate of 2026-09');
});

test('no price is taken from another region: it is not known, unless shadowctl.yaml says it', async () => {
  const elsewhere = { AWS_REGION: 'eu-west-1' };
  expect(await cost(DEPLOY, elsewhere)).toMatchObject({ after: null, unknown: ['ml.m5.large'] });
  const { out } = await world.shadowctl(`${DEPLOY} --plan`, { env: elsewhere });
  expect(out).toContain('price not known (ml.m5.large in eu-west-1)');
  expect(out).not.toContain('$');
  writeFileSync(join(world.root, 'shadowctl.yaml'), 'prices:\n  ml.m5.large: 0.2\n');
  expect(await cost(DEPLOY, elsewhere)).toMatchObject({ after: 0.4, unknown: [] });
  expect((await world.shadowctl(`${DEPLOY} --plan`, { env: elsewhere })).out).toContain(
    'about $0.40 an hour (prices of shadowctl.yaml)',
  );
  writeFileSync(join(world.root, 'shadowctl.yaml'), 'prices:\n  ml.m5.large: cheap\n');
  const wrong = await world.shadowctl(`${DEPLOY} --plan`);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.err).toContain('US dollars an hour for one instance');
});
