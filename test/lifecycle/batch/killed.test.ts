import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeModel } from '../../../src/aws/sagemaker.ts';
import { csv, jobNames, lake, makeModel, WEATHER_ROWS } from '../../support/batch.ts';
import { dyingProxy, type Strike } from '../../support/dying-proxy.ts';
import { isWhole, sampled } from '../../support/sizes.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

/*
 * A day of a batch, struck at every call that changes AWS, with its journal in a folder and in a bucket. Given again, it goes on:
 * the day is whole, no job has run twice that anybody knows of, and cleanup leaves nothing.
 *
 * A process dies here by what is left of it: nothing that it sends arrives any more, and its folder is put back as it was at that
 * moment.
 */

let world: TestWorld;
let s3: ReturnType<typeof lake>;
beforeAll(async () => {
  world = await testWorld();
  s3 = lake(world);
  await s3.make();
  await makeModel(world, 'prod', ARTIFACT_005);
  await s3.put('in/a.csv', csv(WEATHER_ROWS.slice(0, 3)));
  await s3.put('in/b.csv', csv(['a,b,c,d,e,f', ...WEATHER_ROWS.slice(3, 6)]));
});
afterAll(() => world.close());

const line = (batch: string) =>
  [
    `batch run --day 2026-01-04 --batch ${batch} --input s3://lake/in/ --output s3://lake/out --header --against model:prod`,
    `--artifact ${ARTIFACT_009} --algorithm linear-learner --yes --format json`,
  ].join(' ');

/** With a header: the first row of each object is none. */
const ROWS = 5;

const STRIKES: readonly Strike[] = ['dies before', 'dies after', 'lost', 'torn', 'throttled'];

let batches = 0;

async function strikeAt(place: 'folder' | 'bucket', at: number, strike: Strike): Promise<string | undefined> {
  const batch = `b${(batches += 1)}`;
  const env: Record<string, string> = place === 'bucket' ? { SHADOWCTL_STATE: 's3://lake/state' } : {};
  const proxy = await dyingProxy(world.emulator.url);
  const [folder, kept] = [join(world.root, '.shadowctl'), join(world.root, 'kept')];
  try {
    proxy.arm(at, strike, () => existsSync(folder) && cpSync(folder, kept, { recursive: true }));
    const struck = await world.shadowctl(line(batch), { env: { ...env, AWS_ENDPOINT_URL: proxy.url } });
    if (proxy.calls.length <= at) return undefined;
    const context = `${strike} call ${at} (${proxy.calls[at]}), ${place}: ${struck.code}\n${struck.err}`;
    expect(struck.err, context).not.toContain('defect of shadowctl');
    if (strike.startsWith('dies')) {
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(kept)) renameSync(kept, folder);
      // A lock in a bucket is waited out.
      await world.clock.sleep(600_000);
    } else rmSync(kept, { recursive: true, force: true });
    const again = await world.shadowctl(line(batch), { env });
    expect(again.code, `${context}\n${again.err}`).toBe(0);
    expect(JSON.parse(again.out), context).toMatchObject({
      rows: { delivered: ROWS, judged: ROWS, inFailedObject: 0 },
      failedObjects: [],
    });
    // One a model: what was begun was found again by its name.
    expect(await jobNames(world, `${batch}-`), context).toHaveLength(2);
    const clean = await world.shadowctl(`cleanup --batch ${batch} --yes`, { env });
    expect(clean.code, `${context}\n${clean.err}`).toBe(0);
    const { model } = JSON.parse(again.out).candidate;
    expect(await describeModel(world.aws, model), context).toBeUndefined();
    expect(await s3.keys('out/'), context).toEqual([]);
    return proxy.calls[at];
  } finally {
    await proxy.close();
  }
}

describe('struck at any change, a day is gone on with when it is given again, and nothing is left behind', () => {
  test.for(sampled([...(['folder', 'bucket'] as const)], 1))(
    'journal in a %s',
    { timeout: 3_600_000 },
    async (place) => {
      const proxy = await dyingProxy(world.emulator.url);
      proxy.arm(Number.POSITIVE_INFINITY, 'lost');
      const env: Record<string, string> = place === 'bucket' ? { SHADOWCTL_STATE: 's3://lake/state' } : {};
      const whole = await world.shadowctl(line('whole'), { env: { ...env, AWS_ENDPOINT_URL: proxy.url } });
      expect(whole.code, whole.err).toBe(0);
      await world.shadowctl('cleanup --batch whole --yes', { env });
      const calls = proxy.calls.length;
      await proxy.close();
      expect(calls).toBeGreaterThan(5);
      const cases = Array.from({ length: calls }, (_, at) => at).flatMap((at) =>
        STRIKES.map((strike) => ({ at, strike })),
      );
      for (const { at, strike } of isWhole('matrix') ? cases : sampled(cases, 3)) await strikeAt(place, at, strike);
    },
  );
});

// Its file has 70 MB.
test.runIf(isWhole('matrix'))(
  'a large file that was half uploaded leaves no parts after the next cleanup',
  async () => {
    const input = join(world.root, 'large.csv');
    // Above 64 MiB a file goes in parts.
    writeFileSync(input, `${'1'.repeat(1_000_000)}\n`.repeat(70));
    const proxy = await dyingProxy(world.emulator.url);
    try {
      proxy.arm(0, 'dies after');
      const run = `batch run --day 2026-01-04 --batch large --input ${input} --no-header --output s3://lake/out --model prod --against model:prod --yes`;
      await world.shadowctl(run, { env: { AWS_ENDPOINT_URL: proxy.url } });
      expect(proxy.calls[0]).toContain('partNumber=1');
      const parts = async () =>
        (await (await world.aws.s3()).send(new ListMultipartUploadsCommand({ Bucket: 'lake' }))).Uploads ?? [];
      expect(await parts()).toHaveLength(1);
      const { code, err } = await world.shadowctl('cleanup --batch large --yes');
      expect(code, err).toBe(0);
      expect(await parts()).toEqual([]);
      expect(await s3.keys('out/')).toEqual([]);
    } finally {
      await proxy.close();
    }
  },
);
