import { readFileSync } from 'node:fs';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointConfigCommand,
  DeleteEndpointConfigCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListTransformJobsCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { isWhole, matrixTest } from '../support/sizes.ts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dayPlus } from '../../src/analysis/batch/period.ts';
import { createHandler } from '../../src/handler.ts';
import { csv, WEATHER_ROWS } from '../support/batch.ts';
import { ARTIFACT, ENDPOINT } from '../support/stage.ts';
import type { TickRecord } from '../../src/pipeline/handle.ts';
import { type FunctionStage, MINUTE, openFunction, STATE, told } from './support.ts';

/* Releases whose evidence is a batch, by the function of a pipeline in this process. The clock begins on 2026-01-05 at 09:00. */

vi.setConfig({ testTimeout: 120_000 });

let stage: FunctionStage;
afterEach(() => stage.close());

const BATCH = { input: 's3://lake/in/{yyyy}/{MM}/{dd}/', output: 's3://lake/out', delay: '2h' };
/** What three days can pass: 005 and 009 agree in about four of five. */
const POLICY = { inform: ['labels.scores', 'labels.byClass'], agreement: 0.4, minimumDays: 3 };

/** @param release what its section says beside */
async function open(release: object): Promise<void> {
  stage = await openFunction({}, { project: { policy: POLICY, release: { settle: '2m', ...release } } });
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
}

async function deliver(day: string, rows: readonly string[], name = 'a.csv'): Promise<void> {
  const Key = `in/${day.replaceAll('-', '/')}/${name}`;
  await (await stage.aws.s3()).send(new PutObjectCommand({ Bucket: 'lake', Key, Body: csv(rows) }));
}

async function jobs(): Promise<{ name: string; status: string }[]> {
  const { TransformJobSummaries = [] } = await (await stage.aws.sagemaker()).send(
    new ListTransformJobsCommand({ MaxResults: 100 }),
  );
  return TransformJobSummaries.map(({ TransformJobName: name = '', TransformJobStatus: status = '' }) => ({
    name,
    status,
  }));
}

const facts = async (name: string) =>
  (await stage.events()).flatMap((event) => (event.type === 'fact' && event.name === name ? [event.value] : []));

/** The tick at this moment. */
async function tickAt(iso: string): Promise<TickRecord> {
  await stage.clock.sleep(Date.parse(iso) - stage.clock.now());
  return stage.tick();
}

const daysRun = async () => (await facts('release-day')).map((one) => (one as { day: string }).day);
const rowsOf = (i: number) => WEATHER_ROWS.slice(110 * i, 110 * i + 110);

describe('a release whose evidence is a batch', () => {
  test('runs each day that is due, tells of a missing one, and asks people once its time is over; what they approve is promoted without a shadow', async () => {
    await open({ batch: BATCH, timeBox: '3d' });
    await deliver('2026-01-05', rowsOf(0));
    await stage.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
    expect(await stage.tick()).toMatchObject({ result: 'waits', waits: 'evidence' });
    // The day has not ended for two hours.
    expect(await tickAt('2026-01-06T01:00:00Z')).toMatchObject({ result: 'waits', waits: 'evidence' });
    expect(await jobs()).toEqual([]);
    // One tick begins a job for each side, another finds that they have ended.
    await tickAt('2026-01-06T02:05:00Z');
    expect(await jobs()).toHaveLength(2);
    expect(await daysRun()).toEqual([]);
    await tickAt('2026-01-06T02:10:00Z');
    await tickAt('2026-01-06T03:00:00Z');
    expect(await jobs()).toHaveLength(2);
    expect(await facts('release-day')).toMatchObject([{ day: '2026-01-05', rows: 110, judged: 110 }]);
    // Nothing came for the 6th: it is told once, and the 7th is run all the same.
    await deliver('2026-01-07', rowsOf(1));
    await tickAt('2026-01-07T03:00:00Z');
    await tickAt('2026-01-08T03:00:00Z');
    await tickAt('2026-01-08T04:00:00Z');
    expect(await facts('release-trouble')).toContainEqual(
      expect.objectContaining({ what: expect.stringContaining('Nothing was delivered for 2026-01-06') }),
    );
    expect(await daysRun()).toEqual(['2026-01-05', '2026-01-07']);
    // It comes late, and is caught up; what comes to a day that was run is counted.
    await deliver('2026-01-06', rowsOf(2));
    await deliver('2026-01-07', rowsOf(0).slice(0, 9), 'late.csv');
    await tickAt('2026-01-08T05:00:00Z');
    await tickAt('2026-01-08T06:00:00Z');
    expect(await daysRun()).toEqual(['2026-01-05', '2026-01-07', '2026-01-06']);
    expect(await tickAt('2026-01-08T09:30:00Z')).toMatchObject({ waits: 'answer' });
    const [asked] = await facts('release-asked');
    const { release } = asked as { release: string };
    expect(asked).toMatchObject({
      about: 'inconclusive',
      outcome: 'inconclusive',
      summary: expect.stringContaining('a Sunday'),
    });
    const kept = `${STATE}/batches/000000000000/us-east-1/${release}/days/2026-01-07.json`;
    expect(JSON.parse(await stage.read(kept))).toMatchObject({ rows: { judged: 110, late: 9 }, against: 'model' });
    expect(told(await stage.events())).toEqual(['begun', expect.stringMatching(/^trouble-/), 'asked-1']);
    // What is approved becomes production by a canary; there never was a shadow.
    expect(await stage.production()).toMatchObject({ shadows: 0, artifact: 's3://models/005.tar.gz' });
    const said = await stage.shadowctl(['release', 'approve', '--endpoint', ENDPOINT, '--state', STATE, '--yes']);
    expect(said.code, said.err).toBe(0);
    await stage.ticksUntil('ended');
    expect(await facts('release-ended')).toMatchObject([{ outcome: 'promoted' }]);
    expect((await stage.production()).artifact).toContain('/artifacts/');
  });

  test('stops its jobs when it is cancelled, and leaves production and its config as they are', async () => {
    await open({ batch: { ...BATCH, daysBefore: 2 } });
    await deliver('2026-01-03', rowsOf(0));
    await deliver('2026-01-04', rowsOf(1));
    const before = await stage.production();
    await stage.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
    expect(await stage.tick()).toMatchObject({ result: 'waits', waits: 'evidence' });
    // Of two days that are due, one at a time.
    expect(await jobs()).toHaveLength(2);
    const said = await stage.shadowctl(['release', 'cancel', '--endpoint', ENDPOINT, '--state', STATE, '--yes']);
    expect(said.code, said.err).toBe(1);
    await stage.clock.sleep(10 * MINUTE);
    expect((await jobs()).map(({ status }) => status)).toEqual(['Stopped', 'Stopped']);
    await stage.tick();
    expect(await facts('release-ended')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(await stage.production()).toEqual(before);
  });

  matrixTest(
    'tries a day that cannot be run later and later, tells of it once, and at once where its settings have changed',
    async () => {
      await open({ batch: { ...BATCH, daysBefore: 1 } });
      await deliver('2026-01-04', ['a,b,c,d,e,f', ...rowsOf(0)]);
      await stage.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
      const tries = async () => (await facts('release-day-failed')).length;
      await stage.tick();
      expect(await facts('release-day-failed')).toMatchObject([{ day: '2026-01-04' }]);
      const seen: number[] = [];
      for (let n = 0; n < 8; n += 1) {
        await stage.clock.sleep(60 * MINUTE);
        await stage.tick();
        seen.push(await tries());
      }
      // After an hour, two and four more.
      expect(seen).toEqual([2, 2, 3, 3, 3, 3, 4, 4]);
      expect(told(await stage.events())).toEqual(['begun', expect.stringMatching(/^trouble-/)]);
      const release = {
        ...(stage.settings.project.release as object),
        batch: { ...BATCH, daysBefore: 1, header: true },
      };
      const settings = { ...stage.settings, project: { ...stage.settings.project, release } };
      await stage.upload('settings.json', JSON.stringify(settings), 'shadowctl-state');
      // A function that is installed anew begins anew.
      const { clock, env, cwd: folder } = stage;
      const installed = createHandler({ clock, env, folder, log: () => undefined });
      for (let n = 0; n < 2; n += 1) {
        await installed({ shadowctl: 'tick' }, { getRemainingTimeInMillis: () => 15 * MINUTE });
        await clock.sleep(10 * MINUTE);
      }
      expect(await daysRun()).toEqual(['2026-01-04']);
      expect(await tries()).toBe(4);
    },
  );

  matrixTest(
    'is told that the endpoint has several production variants by now, and that its config is gone',
    async () => {
      await open({ batch: BATCH });
      const sagemaker = await stage.aws.sagemaker();
      const runs = async () =>
        (await sagemaker.send(new DescribeEndpointCommand({ EndpointName: ENDPOINT }))).EndpointConfigName;
      const change = async (name: string, config: object) => {
        const found = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: await runs() }));
        const [variant] = found.ProductionVariants ?? [];
        const own = { ProductionVariants: [{ ...variant, VariantName: 'AllTraffic' }] };
        await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ...own, ...config }));
        await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: name }));
        await stage.clock.sleep(60 * MINUTE);
      };
      const ModelName = (await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: await runs() })))
        .ProductionVariants?.[0]?.ModelName;
      const variant = (VariantName: string) => ({
        ...{ VariantName, ModelName, InstanceType: 'ml.m5.large', InitialInstanceCount: 1, InitialVariantWeight: 1 },
      });
      // Somebody else's shadow is waited for: the release has begun, and nothing of it is made.
      await change('with-shadow', { ShadowProductionVariants: [variant('theirs')] });
      await stage.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
      expect(await stage.tick()).toMatchObject({ result: 'waits' });
      await change('two', { ProductionVariants: [variant('a'), variant('b')] });
      await expect(stage.tick()).rejects.toMatchObject({ kind: 'cannot-run' });
      const troubles = async () => (await facts('release-trouble')).map((one) => (one as { what: string }).what);
      expect((await troubles()).at(-1)).toContain('has 2 production variants (a, b)');
      expect(await jobs()).toEqual([]);
      await change('one', { ProductionVariants: [variant('AllTraffic')] });
      expect(await stage.tick()).toMatchObject({ result: 'waits', waits: 'evidence' });
      const { production } = ((await facts('release-attaching')) as { config: string }[]).map(({ config }) => ({
        production: config,
      }))[0] as { production: string };
      expect(production).toBe('one');
      await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'one' }));
      await deliver('2026-01-05', rowsOf(0));
      await expect(tickAt('2026-01-06T03:00:00Z')).rejects.toMatchObject({ kind: 'cannot-run' });
      expect((await troubles()).at(-1)).toContain('Endpoint config one, which production ran');
      expect(await jobs()).toEqual([]);
      const said = await stage.shadowctl(['release', 'cancel', '--endpoint', ENDPOINT, '--state', STATE, '--yes']);
      expect(said.code, said.err).toBe(1);
    },
  );

  test.runIf(isWhole('matrix'))(
    'of days before it began asks as soon as they pass, and each day is asked once',
    async () => {
      await open({ batch: { ...BATCH, daysBefore: 7 } });
      for (let i = 0; i < 7; i += 1) await deliver(dayPlus('2025-12-29', i), WEATHER_ROWS.slice(50 * i, 50 * i + 50));
      await stage.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
      await stage.ticksUntil('answer');
      expect(await facts('release-asked')).toMatchObject([{ about: 'pass', outcome: 'pass' }]);
      expect(await daysRun()).toHaveLength(7);
      expect(await jobs()).toHaveLength(14);
    },
  );
});
