import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchCaptures } from '../../../src/analysis/observe/captures.ts';
import { deletePrefix } from '../../../src/aws/s3.ts';
import type { Report } from '../../../src/report/report.ts';
import { START, type TestWorld } from '../../support/world.ts';
import { shadowedWorld } from '../../commands/shadowed-world.ts';
import { matrixTest } from '../../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await shadowedWorld();
});
afterEach(() => world.close());

const deny = (service: 's3' | 'cloudwatch' | 'logs' | 'sagemaker', operation: string) =>
  world.emulator.world.faults.add({ kind: 'deny', service, operation });

async function report(...words: string[]) {
  const ended = await world.shadowctl(['report', '--endpoint', 'w', '--last', '15m', '--format', 'json', ...words]);
  const found = ended.out.includes('shadowctl-report/') ? (JSON.parse(ended.out) as Report) : undefined;
  const gates = Object.fromEntries(found?.verdict?.gates.map((gate) => [gate.id, gate.outcome]) ?? []);
  return { ...ended, gates, notes: found?.observations.notes.join('\n') ?? '', seen: found?.observations };
}

describe('a source that is closed to these credentials', () => {
  test.each([
    ['ListObjectsV2', 's3:ListBucket on s3://captures'],
    ['GetObject', 's3:GetObject on s3://captures/all/w/AllTraffic/'],
  ])('S3 %s: metrics are judged, predictions are not known, and nothing passes for it', async (operation, needs) => {
    deny('s3', operation);
    const { code, gates, notes } = await report();
    expect(code).toBe(3);
    expect(notes).toContain(' action (AccessDenied). Predictions are unknown, so none were compared.');
    expect(notes).toContain(`Grant ${needs}`);
    expect(gates).toMatchObject({ 'traffic.sampling': 'pass', 'output.pairs': 'inconclusive' });
  });

  test('CloudWatch: predictions are compared, errors and latency are not known', async () => {
    deny('cloudwatch', 'GetMetricData');
    const { code, gates, notes, seen } = await report();
    expect(code).toBe(3);
    expect(notes).toContain('Traffic, errors and latency are unknown. Grant cloudwatch:GetMetricData');
    expect(seen?.predictions?.pairs).toBe(60);
    expect(gates).toMatchObject({ errors: 'inconclusive', 'output.varied': 'pass' });
  });

  test.each([[[]], [['--logs-query', 'fields @timestamp, @message']]])('CloudWatch Logs %j', async (words) => {
    deny('logs', words.length === 0 ? 'FilterLogEvents' : 'StartQuery');
    // Streams could be read one by one.
    deny('logs', 'GetLogEvents');
    const { code, notes, gates } = await report('--source', 'logs', ...words);
    expect(code).toBe(3);
    expect(notes).toContain(
      `Grant logs:${words.length === 0 ? 'FilterLogEvents' : 'StartQuery'} on arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/w:*`,
    );
    expect(gates).toMatchObject({ 'output.pairs': 'inconclusive' });
  });

  test('CloudWatch Logs without logs:FilterLogEvents: streams are read one by one', async () => {
    deny('logs', 'FilterLogEvents');
    const { notes } = await report('--source', 'logs');
    expect(notes).toContain("Predictions come from the containers' logs");
    expect(notes).not.toContain('Grant');
  });

  test('a model: only its image is not shown', async () => {
    deny('sagemaker', 'DescribeModel');
    const { notes, seen } = await report();
    expect(notes).toContain('Its image and artifact are not shown. Grant sagemaker:DescribeModel');
    expect(seen).toMatchObject({ production: { model: 'v1', image: null }, predictions: { pairs: 60 } });
  });

  test('the endpoint itself: nothing can be said', async () => {
    deny('sagemaker', 'DescribeEndpoint');
    const { code, err } = await report();
    expect(code).toBe(2);
    expect(err).toContain('Grant sagemaker:DescribeEndpoint');
  });
});

test('a bucket that is gone is told of', async () => {
  await deletePrefix(world.aws, 's3://captures/all');
  await (await world.aws.s3()).send(new DeleteBucketCommand({ Bucket: 'captures' }));
  const { code, notes } = await report();
  expect(code).toBe(3);
  expect(notes).toContain('The specified bucket does not exist');
});

test('a capture file that is deleted after it was listed is counted, one that was replaced is read as it is now', async () => {
  const s3 = await world.aws.s3();
  const key = (i: number) => `many/w/AllTraffic/2026/01/05/09/${String(i).padStart(2, '0')}.jsonl`;
  for (let i = 0; i < 30; i += 1)
    await s3.send(new PutObjectCommand({ Bucket: 'captures', Key: key(i), Body: `line ${i}` }));
  let changed: Promise<unknown> | undefined;
  const window = { from: START, to: START + 60_000 };
  world.emulator.world.faults.add({ kind: 'delay', service: 's3', operation: 'GetObject', milliseconds: 1_000 });
  const fetching = fetchCaptures(
    world.aws,
    world.clock,
    { destination: 's3://captures/many', endpoint: 'w', variant: 'AllTraffic', window },
    {
      cache: join(world.root, 'cache'),
      progress: () => {
        changed ??= Promise.all([
          s3.send(new DeleteObjectCommand({ Bucket: 'captures', Key: key(29) })),
          s3.send(new PutObjectCommand({ Bucket: 'captures', Key: key(28), Body: 'line anew' })),
        ]);
      },
    },
  );
  const { paths, fetched, gone } = await fetching;
  await changed;
  expect([paths.length, fetched, gone]).toEqual([29, 29, 1]);
  expect(readFileSync(paths[28] ?? '', 'utf8')).toBe('line anew');
});

test('a cache that cannot be made is no defect, and names the way round it', async () => {
  mkdirSync(join(world.root, '.shadowctl'), { recursive: true });
  writeFileSync(join(world.root, '.shadowctl/cache'), 'in the way');
  const { code, err } = await report();
  expect(code).toBe(2);
  expect(err).toMatch(/Could not write to .*: a file is in the way of the folder \((ENOTDIR|EEXIST)\)/);
  expect(err).toContain('--no-predictions judges without captures.');
  expect((await report('--no-predictions')).seen?.predictions).toBeNull();
});

matrixTest('--until-decided outlives what passes: throttling, a fault of AWS', async () => {
  world.emulator.world.faults.add({ kind: 'error', service: 'cloudwatch', times: 5 });
  world.emulator.world.faults.add({ kind: 'throttle', service: 's3', times: 20 });
  const { code, err } = await report('--until-decided', '--every', '1m', '--timeout', '4m');
  expect(code).toBe(3);
  expect(err.match(/Looking again\./g)).toHaveLength(2);
  world.emulator.world.faults.add({ kind: 'error', service: 'cloudwatch' });
  expect(await report('--until-decided', '--every', '1m', '--timeout', '2m')).toMatchObject({ code: 2 });
});
