import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csv, lake, makeModel, WEATHER_ROWS } from '../../support/batch.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

/* Eight days of the weather of 2015, 45 rows each; the ninth has the content of the eighth. The emulator's clock begins on 2026-01-05. */

let world: TestWorld;
let s3: ReturnType<typeof lake>;
const LABELS = readFileSync(join(FIXTURES, 'data/test-labels.csv'), 'utf8').trim().split('\n');
const dayOf = (i: number) => `2025-12-${20 + i}`;

beforeAll(async () => {
  world = await testWorld();
  s3 = lake(world);
  await s3.make();
  await makeModel(world, 'prod', ARTIFACT_005);
  await makeModel(world, 'cand', ARTIFACT_009);
  for (let i = 0; i < 9; i += 1) {
    const of = Math.min(i, 7);
    await s3.put(`in/${dayOf(i).replaceAll('-', '/')}/a.csv`, csv(WEATHER_ROWS.slice(45 * of, 45 * of + 45)));
    const run = await world.shadowctl([
      ...['batch', 'run', '--batch', 'nightly', '--day', dayOf(i), '--input', 's3://lake/in/{yyyy}/{MM}/{dd}/'],
      ...['--output', 's3://lake/out', '--model', 'cand', '--against', 'model:prod', '--yes'],
    ]);
    if (run.code !== 0) throw new Error(run.err);
  }
}, 120_000);
afterAll(() => world.close());

async function report(words: readonly string[] = []) {
  const ended = await world.shadowctl(['batch', 'report', '--batch', 'nightly', '--format', 'json', ...words]);
  return { ...ended, json: JSON.parse(ended.out) };
}

/** Labels of the first so many days, by what was asked. */
function labels(days: number): string {
  const path = join(world.root, `labels-${days}.csv`);
  const rows = Array.from({ length: days * 45 }, (_, i) => {
    const day = Math.floor(i / 45);
    return `s3://lake/in/${dayOf(day).replaceAll('-', '/')}/a.csv:${(i % 45) + 1},${LABELS[i]}`;
  });
  writeFileSync(path, `${['inferenceId,label', ...rows].join('\n')}\n`);
  return `${path}:label`;
}

describe('batch report', () => {
  test('judges by days, accounts for every row, and counts what was delivered twice once', async () => {
    const { code, json, err } = await report();
    expect(code, err).toBe(3);
    expect(json.schema).toBe('shadowctl-batch-report/1');
    expect(json.observations.days).toHaveLength(8);
    expect(json.batch).toMatchObject({
      against: 'model',
      leftOut: [{ day: dayOf(8), why: 'copy', of: dayOf(7) }],
      kept: [],
      until: '2026-01-02',
      over: true,
    });
    const gate = (id: string) => json.verdict.gates.find((one: { id: string }) => one.id === id);
    expect(gate('batch.rows')).toMatchObject({ outcome: 'pass', n: 360, estimate: 1 });
    expect(gate('labels.agreement').byDay.days).toHaveLength(8);
    expect(json.verdict.gates.map(({ id }: { id: string }) => id)).not.toContain('latency.mean');
  });

  test('labels that came later are joined with the rows that are kept, and only the days that have them are held against them', async () => {
    const { json } = await report(['--labels', labels(6)]);
    const accuracy = json.verdict.gates.find(({ id }: { id: string }) => id === 'truth.accuracy');
    expect(json.observations.labelled.truth).toMatchObject({ rows: 270, of: 270 });
    expect(accuracy.byDay.days).toHaveLength(6);
    const all = await report(['--labels', labels(8)]);
    expect(all.json.observations.labelled).toBeNull();
    expect(all.json.observations.predictions.truth).toMatchObject({ rows: 360, of: 360 });
  });

  test('it fails where answers should be the same', async () => {
    const { code, json } = await report(['--expect', 'same']);
    expect([code, json.verdict.outcome]).toEqual([1, 'fail']);
  });

  test('--until pass looks again until the last day has come, and says so', async () => {
    const { code, json, err } = await report(['--until', 'pass', '--for', '17d', '--every', '12h']);
    expect([code, json.batch.over]).toEqual([3, true]);
    expect(err.split('\n').filter((line) => line.includes('Not decided yet')).length).toBeGreaterThan(0);
  });

  test.each(['text', 'markdown', 'html', 'junit'])('as %s, with its days', async (format) => {
    const { out } = await world.shadowctl(['batch', 'report', '--batch', 'nightly', '--format', format]);
    expect(out).toContain('nightly');
    expect(out).toContain(format === 'junit' ? 'batch.days' : dayOf(3));
    if (format === 'text') expect(out).toContain('it is still open');
  });

  test('where the pairs of a day are gone, what was summed when it was run counts', async () => {
    const [first = ''] = (await s3.keys('out/')).filter((key) => key.endsWith('candidate.jsonl.gz'));
    await (await world.aws.s3()).send(new DeleteObjectCommand({ Bucket: 'lake', Key: first }));
    const { json } = await report();
    expect(json.batch.kept).toHaveLength(1);
    expect(json.observations.predictions.rows).toBe(360);
  });

  test('--redact leaves out rows and their ids', async () => {
    const [whole, quiet] = [await report(), await report(['--redact'])];
    const id = `s3://lake/in/${dayOf(1).replaceAll('-', '/')}/a.csv:`;
    const top = (one: typeof whole) => JSON.stringify(one.json.observations.predictions.top);
    expect(top(whole)).toContain('s3://lake/in/');
    expect(quiet.out).not.toContain(id);
    expect(quiet.out).not.toContain(WEATHER_ROWS[0]);
    expect(quiet.json.verdict.outcome).toBe(whole.json.verdict.outcome);
  });

  test('cleanup --all knows batches, beside endpoints or without any', async () => {
    const { code, out } = await world.shadowctl('cleanup --all --plan --format json');
    expect([code, JSON.parse(out)]).toEqual([
      4,
      [expect.objectContaining({ batch: 'nightly', planned: expect.arrayContaining([expect.anything()]) })],
    ]);
  });

  test('cleanup deletes what was downloaded of the rows; what was summed stays, and can be judged', async () => {
    const cached = join(world.root, '.shadowctl/cache/captures/000000000000/us-east-1/batches/nightly');
    expect(existsSync(cached)).toBe(true);
    const { code, err } = await world.shadowctl(['cleanup', '--batch', 'nightly', '--yes']);
    expect(code, err).toBe(0);
    expect(existsSync(cached)).toBe(false);
    const { json } = await report();
    expect(json.batch.kept).toHaveLength(8);
    expect(json.observations.predictions.rows).toBe(360);
  });

  test.each(['batch report', 'batch status', 'cleanup --yes'])(
    '%s of a batch that is not here names those that are; where none is, AWS is not asked',
    async (command) => {
      const words = [...command.split(' '), '--batch', 'weekly'];
      const { code, err } = await world.shadowctl(words);
      expect([code, err]).toEqual([2, expect.stringContaining('Those that there are: nightly.')]);
      const alone = await world.shadowctl([...words, '--state', 'elsewhere'], {
        env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      });
      expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('shadowctl help batch')]);
    },
  );
});
