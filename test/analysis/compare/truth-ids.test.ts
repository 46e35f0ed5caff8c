import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import { readTruth } from '../read-truth.ts';

const spill = mkdtempSync(join(tmpdir(), 'truth-ids-'));
afterAll(() => rmSync(spill, { recursive: true, force: true }));

const json = (data: string) => ({ data, encoding: 'JSON' as const, contentType: 'application/json' });
/** Records of six requests, a minute apart. */
const side = (ids: (i: number) => Pick<Capture, 'inferenceId' | 'eventId'>) => ({
  captures: {
    files: 1,
    unreadable: 0,
    outside: 0,
    examples: [],
    captures: Array.from({ length: 6 }, (_, i) => ({
      ...ids(i),
      at: i * 60_000,
      input: json(`[${i}]`),
      output: json(`{"predicted_label": ${i % 2}}`),
    })),
  },
});
const own = (name: string) => (i: number) => ({ inferenceId: undefined, eventId: `${name}-${i}` });

// What Model Monitor does: inferenceId where the captures have one, else SageMaker's eventId.
test.each([
  ['eventId, paired by input', own('p'), own('s'), 'p', 'input'],
  ['eventId, which both share', own('e'), own('e'), 'e', 'eventId'],
  [
    "the caller's id of production alone",
    (i: number) => ({ inferenceId: `r-${i}`, eventId: undefined }),
    own('s'),
    'r',
    'input',
  ],
  [
    "the caller's id of both",
    (i: number) => ({ inferenceId: `r-${i}`, eventId: `p-${i}` }),
    (i: number) => ({ inferenceId: `r-${i}`, eventId: `s-${i}` }),
    'r',
    'inferenceId',
  ],
] as const)('labels find their records by %s', async (_, production, shadow, name, method) => {
  const truth = readTruth(
    Array.from({ length: 6 }, (__, i) =>
      JSON.stringify({
        groundTruthData: { data: i % 3, encoding: 'JSON' },
        eventMetadata: { eventId: `${name}-${i}` },
      }),
    ).join('\n'),
    'truth',
  );
  for (const inMemory of [true, false]) {
    const { predictions } = await compareRecords(
      { production: side(production), shadow: side(shadow), window: { from: 0, to: 1e9 }, sampling: 1 },
      {
        tolerance: undefined,
        task: undefined,
        truth,
        memory: '1GB',
        spill,
        inMemory,
      },
    );
    expect(predictions).toMatchObject({
      method,
      pairs: 6,
      truth: { rows: 6, unknown: 0, labels: { production: 2, shadow: 2 } },
    });
  }
});

test('true and True are one class, as JSON and Python write it', async () => {
  const said = (answer: string) => ({
    captures: {
      ...side(own('e')).captures,
      captures: side(own('e')).captures.captures.map((one) => ({ ...one, output: json(answer) })),
    },
  });
  const truth = readTruth(
    Array.from({ length: 6 }, (_, i) => `{'id': 'e-${i}', 'label': '${i < 4 ? 'True' : 'False'}'}`).join('\n'),
    'truth',
  );
  for (const inMemory of [true, false]) {
    const { predictions } = await compareRecords(
      {
        production: said('{"predicted_label": true}'),
        shadow: said('{"predicted_label": "true"}'),
        window: { from: 0, to: 1e9 },
        sampling: 1,
      },
      {
        tolerance: undefined,
        task: undefined,
        truth,
        memory: '1GB',
        spill,
        inMemory,
      },
    );
    expect(predictions.truth?.labels).toMatchObject({ production: 4, shadow: 4 });
  }
});
