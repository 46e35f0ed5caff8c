import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../support/stage.ts';

/* Loads and replays of an endpoint, in simulated time: requests take none there, and no step has to be waited for. */

let stage: Stage;
let elsewhere: string;
beforeAll(async () => {
  stage = await openStage();
  elsewhere = mkdtempSync(join(tmpdir(), 'shadowctl-load-'));
  const rows = Array.from({ length: 130 }, (_, i) =>
    JSON.stringify({
      id: `r${i}`,
      side: 'live',
      status: 200,
      latency: 5,
      time: new Date(Date.UTC(2026, 10, 29, 9) + i * 1_000).toISOString(),
      request: { instances: [{ features: [0, 5.6, -3.2, 1.2, 0, 1] }] },
      answer: { predictions: [{ score: 0.9, predicted_label: 1 }] },
    }),
  );
  writeFileSync(join(stage.cwd, 'day.jsonl'), `${rows.join('\n')}\n`);
}, 60_000);
afterAll(async () => {
  rmSync(elsewhere, { recursive: true, force: true });
  await stage.close();
});

const ON = ['replay', '--from', 'day.jsonl', '--endpoint', ENDPOINT];

async function json(argv: readonly string[]) {
  const { code, out, err } = await stage.shadowctl([...argv, '--format', 'json']);
  return { code, err, document: JSON.parse(out) as Record<string, unknown> };
}

test('an endpoint is asked at the recorded speed, without a question, and named by its variant', async () => {
  const { code, document } = await json([...ON, '--target-variant', 'AllTraffic']);
  expect({ code, document }).toMatchObject({
    code: 0,
    document: {
      kind: 'replayed',
      target: `sagemaker:${ENDPOINT}/AllTraffic`,
      needsConsent: [],
      seconds: 129,
      counts: { due: 130, answered: 130, statuses: { 200: 130 }, newlyFailed: 0 },
      endpoint: { status: 'InService', variants: [{ variant: 'AllTraffic', instances: 3 }] },
    },
  });
  const report = await json(['report', '--files', 'replay']);
  expect(report.document).toMatchObject({
    observations: { replayed: { latencies: true }, shadow: { model: `sagemaker:${ENDPOINT}/AllTraffic` } },
  });
});

test('a load is put on an endpoint only with a yes; the peak is the recording', async () => {
  const load = [...ON, '--load', '2x', '--max-latency', 'p99=250ms'];
  const refused = await stage.shadowctl(load);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('Cannot prompt');
  const planned = await json([...load, '--plan']);
  expect(planned).toMatchObject({
    code: 4,
    document: {
      needsConsent: ['load'],
      load: {
        peakPerSecond: 1,
        peakFrom: 'recording',
        stepSeconds: 120,
        steps: [{ factor: 1 }, { factor: 1.5 }, { factor: 2 }],
      },
    },
  });
});

test('a load that holds is 0; one that is too short to tell is 3', async () => {
  const load = [...ON, '--max-latency', 'p99=250ms', '--peak', '10/s', '--yes'];
  const held = await json([...load, '--load', '1x,2x', '--step-time', '40s']);
  expect(held).toMatchObject({
    code: 0,
    document: {
      kind: 'loaded',
      outcome: 'holds',
      steps: [
        { factor: 1, outcome: 'holds' },
        { factor: 2, outcome: 'holds' },
      ],
    },
  });
  const short = await json([...load, '--load', '1x', '--step-time', '10s']);
  expect(short).toMatchObject({
    code: 3,
    document: { outcome: 'not-known', steps: [{ fault: null, counts: { due: 100 } }] },
  });
});

test('a load that fails ends early, and no further one is tried', async () => {
  const broken = join(stage.cwd, 'broken.jsonl');
  writeFileSync(broken, '{"nonsense":true}\n');
  const argv = [
    'replay',
    '--from',
    'broken.jsonl',
    '--endpoint',
    ENDPOINT,
    '--yes',
    '--peak',
    '50/s',
    '--max-latency',
    'p99=1s',
  ];
  const { code, document } = await json([...argv, '--load', '1x,2x']);
  expect(code).toBe(1);
  expect(document).toMatchObject({ outcome: 'fails', endedEarly: 'errors' });
  const [first, ...more] = document.steps as { counts: { due: number }; outcome: string }[];
  expect(more).toEqual([]);
  expect(first?.outcome).toBe('fails');
  expect(first?.counts.due).toBeLessThan(100);
});

test('no such endpoint, and no such variant', async () => {
  const nowhere = await stage.shadowctl([
    'replay',
    '--from',
    'day.jsonl',
    '--endpoint',
    'nowhere',
    '--records',
    'other',
  ]);
  expect(nowhere.code).toBe(2);
  expect(nowhere.err).toContain('nowhere');
  const variant = await stage.shadowctl([...ON, '--target-variant', 'nobody', '--records', 'other']);
  expect(variant.code).toBe(2);
  expect(variant.err).toContain('has no production variant "nobody"');
  expect(variant.err).toContain('It has AllTraffic');
});

test('an endpoint with a shadow is sent nothing: copies of a replay would count as live evidence', async () => {
  const shadow = ['shadow', '--endpoint', ENDPOINT, '--artifact', ARTIFACT, '--algorithm', 'linear-learner', '--adopt'];
  expect((await stage.shadowctl([...shadow, '--yes'])).code).toBe(0);
  const refused = await stage.shadowctl([...ON, '--records', 'other']);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('has a shadow');
});
