import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../src/aws/clients.ts';
import type { Report } from '../../../src/report/report.ts';
import type { TestWorld } from '../../support/world.ts';
import { shadowedWorld } from '../../commands/shadowed-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await shadowedWorld();
});
afterAll(() => world.close());

const put = async (Key: string, Body: Buffer | string) =>
  (await world.aws.s3()).send(new PutObjectCommand({ Bucket: 'models', Key, Body }));
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"inferenceId":"r-${from + i}","label":${i % 3}}`).join('\n');

async function report(labels: string, ...words: string[]) {
  const line = ['report', '--endpoint', 'w', '--last', '15m', '--format', 'json', '--labels', labels, ...words];
  const ended = await world.shadowctl(line);
  const seen = ended.out.startsWith('{') ? (JSON.parse(ended.out) as Report).observations : undefined;
  return {
    ...ended,
    seen,
    truth: seen?.predictions?.truth,
    notes: seen?.notes.filter((note) => /label|s3:/.test(note)),
  };
}

const NO_TIMES =
  'The labels do not say when they came (column labeledAt), and the policy does not say after how long they are complete (maturity): whether the labels still to come will be like these is not known.';

describe('report --labels s3://…', () => {
  test('a gzip file of JSON Lines, half-written, with ids twice and ids that do not exist', async () => {
    const text = `${lines(0, 40)}\n{"inferenceId":"r-1","label":1}\n{"inferenceId":"r-2","label":7}\n${lines(90, 95)}\n{"inferenceId":"r-5`;
    await put('late.jsonl.gz', gzipSync(text));
    const { truth, notes } = await report('s3://models/late.jsonl.gz');
    expect(truth).toMatchObject({ rows: 39, of: 60, unknown: 5 });
    const source = 's3://models/late.jsonl.gz';
    expect(notes).toEqual([
      NO_TIMES,
      `${source}: 1 line cannot be read, broken off in the middle (left out); it is line 48.`,
      `${source}: 1 line has another label for an id that had one (neither counts); it is line 42.`,
      `${source}: 1 line gives a label again (counted once); it is line 41.`,
      '5 of 44 labels belong to no compared answer: their requests are not in this window, were not captured, or do not exist.',
    ]);
  });

  test('a folder that fills as labels arrive, by the hour, in the records of SageMaker', async () => {
    const record = (id: string) =>
      JSON.stringify({
        groundTruthData: { data: '1', encoding: 'CSV' },
        eventMetadata: { eventId: id },
        eventVersion: '0',
      });
    await put('truth/2026/01/05/09/a.jsonl', Array.from({ length: 20 }, (_, i) => record(`r-${i}`)).join('\n'));
    expect((await report('s3://models/truth/')).truth).toMatchObject({ rows: 20, unknown: 0 });
    await put('truth/2026/01/05/10/', '');
    await put('truth/2026/01/05/10/b.csv', `\u{FEFF}inferenceId,label\r\nr-20,"1"\r\nr-21,0\r\n`);
    expect(await report('s3://models/truth/')).toMatchObject({ truth: { rows: 22, unknown: 0 }, notes: [NO_TIMES] });
  });

  test.each([
    ['s3://nowhere/labels.csv', 'There is no bucket "nowhere", which s3://nowhere/labels.csv names.'],
    ['s3://nowhere/labels/', 'The specified bucket does not exist'],
    ['s3://models/none.csv', 'There is no object s3://models/none.csv.'],
    ['s3://models/none/', 'There are no files under s3://models/none/.'],
    ['s3://models/m.tar.gz', 's3://models/m.tar.gz is a binary file, not a file of labels.'],
    ['s3://captures/all/', 'has no column that looks like a label.'],
    ['s3://models/truth/:score', "has no column 'score'."],
  ])('%s is refused by name', async (labels, words) => {
    const { code, err } = await report(labels);
    expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  });

  test('a bucket of another region is found, and what it lacks is said', async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const far = connect({ region: 'eu-west-1', endpointUrl: world.emulator.url, profile: undefined, credentials });
    await (await far.s3()).send(new CreateBucketCommand({ Bucket: 'far-away' }));
    far.close();
    const { code, err } = await report('s3://far-away/labels.csv');
    expect(code).toBe(2);
    expect(err).toContain('There is no object s3://far-away/labels.csv.');
  });

  test('--until-decided waits for a folder of labels to fill', async () => {
    const { code, seen } = await report('s3://models/later/', '--until-decided', '--every', '1m', '--timeout', '3m');
    expect(code).toBe(3);
    expect(seen?.notes.at(-1)).toBe('There are no files under s3://models/later/ yet: the labels are still to come.');
  });

  test('a bucket that is closed says which permission it takes', async () => {
    const fault = world.emulator.world.faults.add({ kind: 'deny', service: 's3', operation: 'GetObject' });
    const { code, err } = await report('s3://models/truth/2026/01/05/09/a.jsonl');
    world.emulator.world.faults.remove(fault.id);
    expect(code).toBe(2);
    expect(err).toContain('Grant s3:GetObject on s3://models/truth/2026/01/05/09/a.jsonl');
  });

  test('a transfer that breaks off is made again', async () => {
    world.emulator.world.faults.add({ kind: 'cut-reply', service: 's3', operation: 'GetObject', times: 1 });
    expect((await report('s3://models/truth/')).truth).toMatchObject({ rows: 22 });
  });
});

test('a local folder is read as one', async () => {
  mkdirSync(join(world.root, 'truth/deep'), { recursive: true });
  writeFileSync(join(world.root, 'truth/a.jsonl'), lines(0, 10));
  writeFileSync(join(world.root, 'truth/deep/b.jsonl.gz'), gzipSync(lines(10, 15)));
  expect((await report('truth')).truth).toMatchObject({ rows: 15, unknown: 0 });
});
