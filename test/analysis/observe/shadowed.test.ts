import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readBefore } from '../../../src/analysis/observe/before.ts';
import { fetchCaptures } from '../../../src/analysis/observe/captures.ts';
import { collect } from '../../../src/analysis/observe/observe.ts';
import { shadowedWorld } from '../../commands/shadowed-world.ts';
import { refuseNext } from '../../support/refuse.ts';
import type { TestWorld } from '../../support/world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-observe-'));
let world: TestWorld;
beforeAll(async () => {
  world = await shadowedWorld();
}, 40_000);
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

/** A capture file of production in the folder of this hour, with one record of this time. */
async function put(hour: number, name: string, at: number): Promise<void> {
  const half = { observedContentType: 'text/csv', mode: 'INPUT', data: '1', encoding: 'CSV' };
  const record = {
    captureData: { endpointInput: half, endpointOutput: { ...half, mode: 'OUTPUT' } },
    eventMetadata: { eventId: name, inferenceId: name, inferenceTime: new Date(at).toISOString() },
    eventVersion: '0',
  };
  const folder = new Date(hour).toISOString().slice(0, 13).replace(/[-T]/g, '/');
  await (await world.aws.s3()).send(
    new PutObjectCommand({
      Bucket: 'captures',
      Key: `all/w/AllTraffic/${folder}/${name}.jsonl`,
      Body: `${JSON.stringify(record)}\n`,
    }),
  );
}

describe('an endpoint with a shadow', () => {
  test('captures that were closed in the hour after the window are read, and none of the hours beside', async () => {
    const to = Date.UTC(2026, 0, 20, 9, 50);
    await put(to - 2 * HOUR_MS, 'before', to);
    await put(to, 'same', to);
    await put(to + HOUR_MS, 'next', to);
    await put(to + 2 * HOUR_MS, 'after', to);
    const source = {
      destination: 's3://captures/all',
      endpoint: 'w',
      variant: 'AllTraffic',
      window: { from: to - 10 * MINUTE_MS, to },
    };
    const { paths } = await fetchCaptures(world.aws, world.clock, source, { cache: folder });
    expect(paths).toHaveLength(2);
    // What an older version had put elsewhere is moved, and not fetched again.
    const own = join(folder, 'own');
    const again = await fetchCaptures(world.aws, world.clock, source, { cache: own, older: folder });
    expect([again.fetched, again.paths.every((path) => path.startsWith(own) && existsSync(path))]).toEqual([0, true]);
    expect(paths.some((path) => existsSync(path))).toBe(false);
  });

  test('what production looked like before has no minute in which an earlier shadow was asked', async () => {
    const to = Math.floor(world.clock.now() / MINUTE_MS) * MINUTE_MS;
    const window = { from: to - 10 * MINUTE_MS, to };
    const asked = async (shadow: string) => {
      const found = await readBefore(world.aws, 'w', { production: 'AllTraffic', shadow }, window);
      return found?.production.invocations.reduce<number>((sum, n) => sum + (n ?? 0), 0);
    };
    expect(await asked('shadow')).toBe(0);
    expect(await asked('another')).toBe(60);
  });

  test("predictions count from the shadow's first request on", async () => {
    const now = Math.floor(world.clock.now() / MINUTE_MS) * MINUTE_MS;
    const early = now - 5 * MINUTE_MS;
    await put(early, 'early', early);
    const { predictions, notes } = await collect(world.aws, world.clock, {
      endpoint: 'w',
      // The endpoint and its config are older than this.
      window: { from: now - 6 * MINUTE_MS, to: now },
      cache: folder,
      predictions: true,
      comparison: {
        tolerance: undefined,
        task: undefined,
        truth: undefined,
        memory: '500MB',
        spill: folder,
        threads: 1,
      },
    });
    expect(notes.join(' ')).toContain('The shadow saw its first request in the minute from');
    expect(predictions).toMatchObject({ pairs: 60, production: { records: 60, outside: 1, unmatched: 0 } });
  });
});

describe('what cannot be read is not known, and is never a count of nothing', () => {
  afterEach(() => world.emulator.world.faults.clear());
  const report = async () => {
    const { code, out, err } = await world.shadowctl('report --endpoint w --format json');
    expect([0, 1, 3], err).toContain(code);
    return JSON.parse(out);
  };

  test('metrics that may not be read', async () => {
    world.emulator.world.faults.add({ kind: 'deny', service: 'cloudwatch', operation: 'GetMetricData' });
    const errors = (await report()).verdict.gates.find(({ id }: { id: string }) => id === 'errors');
    expect(errors.outcome).toBe('inconclusive');
    expect(errors.reason).toContain('cloudwatch:GetMetricData');
  });

  test('captures in another region: the rest is judged', async () => {
    refuseNext(
      world.emulator,
      'ListObjectsV2',
      'The bucket must be addressed at its own endpoint.',
      'PermanentRedirect',
    );
    const { observations } = await report();
    expect(observations.notes.join(' ')).toContain('PermanentRedirect');
    expect(observations.metrics.production.invocations.some((n: number | null) => (n ?? 0) > 0)).toBe(true);
  });
});
