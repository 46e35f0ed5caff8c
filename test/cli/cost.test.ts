import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FINISHED, operationOf } from '../../src/emulator/http/server.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const NEW = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2`;

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** Counts the calls of an operation from now on. */
function countCalls(operation: string): () => number {
  let count = 0;
  const note = (message: unknown) => {
    if (operationOf((message as { response: Parameters<typeof operationOf>[0] }).response) === operation) count += 1;
  };
  FINISHED.subscribe(note);
  stops.push(() => FINISHED.unsubscribe(note));
  return () => count;
}

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

describe('elsewhere', () => {
  const elsewhere = { AWS_REGION: 'eu-west-1' };

  test('--price says it, of every type that is named, and comes before shadowctl.yaml', async () => {
    writeFileSync(join(world.root, 'shadowctl.yaml'), 'prices:\n  ml.m5.large: 0.2\n');
    expect(await cost(`${DEPLOY} --price ml.m5.large=0.3`, elsewhere)).toMatchObject({ after: 0.6, unknown: [] });
    const { out } = await world.shadowctl(`${DEPLOY} --price ml.c5.large=1 ml.m5.large=0.3 --plan`);
    expect(out).toContain('about $0.60 an hour (prices of --price)');
    for (const wrong of ['ml.m5.large', 'ml.m5.large=cheap', 'ml.m5.large=-1', 'm5.large=1', 'ml.m5.large=1=2'])
      expect(await world.shadowctl(`${DEPLOY} --plan --price ${wrong}`), wrong).toMatchObject({ code: 2 });
  });

  test('the price list is asked for what nobody said, once, and only where that is', async () => {
    await world.close();
    world = await testWorld({
      prices: [
        { region: 'eu-west-1', instanceType: 'ml.m5.large', hourly: 0.128 },
        { region: 'eu-central-1', instanceType: 'ml.m5.large', hourly: 0.138 },
      ],
    });
    const asked = countCalls('pricing:GetProducts');
    expect(await cost(DEPLOY, elsewhere)).toMatchObject({ after: 0.256, unknown: [] });
    expect(asked()).toBe(1);
    expect((await world.shadowctl(`${DEPLOY} --plan`, { env: elsewhere })).out).toContain(
      "about $0.26 an hour (AWS's price list, on demand)",
    );
    // us-east-1 has estimates; of a type without one it is asked, and knows none.
    const before = asked();
    expect(await cost(DEPLOY)).toMatchObject({ after: 0.23 });
    expect(asked()).toBe(before);
    expect(await cost(`${DEPLOY} --instance-type ml.p5.48xlarge`)).toMatchObject({ unknown: ['ml.p5.48xlarge'] });
    expect(await cost(DEPLOY, { AWS_REGION: 'cn-north-1' })).toMatchObject({ unknown: ['ml.m5.large'] });
    expect(asked()).toBe(before + 1);
  });

  test.each(['deny', 'error', 'throttle', 'drop-reply', 'cut-reply'] as const)(
    '%s: the price is not known, and nothing fails for want of it',
    async (kind) => {
      world.emulator.world.faults.add({ kind, service: 'pricing' });
      expect(await cost(DEPLOY, elsewhere)).toMatchObject({ after: null, unknown: ['ml.m5.large'] });
      const asked = countCalls('pricing:GetProducts');
      expect((await world.shadowctl(`${DEPLOY} --instance-type ml.c5.large --plan`, { env: elsewhere })).code).toBe(4);
      expect(asked()).toBeLessThanOrEqual(1);
    },
  );

  test('--max-cost without a known price is refused, before anything is changed, a calibration too', async () => {
    await world.shadowctl(`${DEPLOY} --yes`, { env: elsewhere });
    const shadow = `shadow ${ON} ${NEW} --for 24h --max-cost 5 --calibrate 30m --yes`;
    const refused = await world.shadowctl(shadow, { env: elsewhere });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain('what the shadow costs is not known (ml.m5.large in eu-west-1)');
    const { out } = await world.shadowctl('ls --format json', { env: elsewhere });
    expect(JSON.parse(out).endpoints[0].shadow).toBeUndefined();
    const { code, err } = await world.shadowctl(`${shadow.replace('--calibrate 30m ', '')} --price ml.m5.large=0.1`, {
      env: elsewhere,
    });
    expect(code, err).toBe(0);
  });
});
