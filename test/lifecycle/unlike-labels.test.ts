import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { judgeEndpoint } from '../../src/lifecycle/judge.ts';
import { VirtualClock } from '../../src/base/clock.ts';

const root = mkdtempSync(join(tmpdir(), 'unlike-'));
afterAll(() => rmSync(root, { recursive: true }));

const half = (data: string) => ({ observedContentType: 'text/csv', mode: 'X', data, encoding: 'CSV' });
const lines = Array.from({ length: 20 }, (_, i) =>
  JSON.stringify({
    captureData: { endpointInput: half(`${i},7,9`), endpointOutput: half(i % 2 === 0 ? 'cat' : 'dog') },
    eventMetadata: { eventId: `e${i}`, inferenceTime: `2026-03-02T09:${10 + i}:00Z` },
    eventVersion: '0',
  }),
).join('\n');
for (const variant of ['AllTraffic', 'shadow']) {
  mkdirSync(join(root, 'captures', variant), { recursive: true });
  writeFileSync(join(root, 'captures', variant, '1.jsonl'), lines);
}

async function notes(labels: string, redact = false) {
  const path = join(root, 'labels.csv');
  writeFileSync(path, labels);
  const nowhere = () => Promise.reject(new Error('files are judged without AWS'));
  const { observations, verdict } = await judgeEndpoint(
    {
      clock: new VirtualClock(Date.UTC(2026, 2, 3)),
      signal: new AbortController().signal,
      aws: nowhere,
      journal: nowhere,
      project: () => Promise.resolve({ stateDir: join(root, 'state') }),
    },
    {
      source: { kind: 'files', path: join(root, 'captures'), variants: undefined },
      window: undefined,
      policy: DEFAULT_POLICY,
      labels: { at: path, name: 'labels.csv', column: undefined },
      redact,
    },
  );
  return { said: observations.notes.join(' '), truth: verdict?.gates.find(({ id }) => id === 'truth') };
}

test('labels by features that are none of a request say how many, and what of both is unlike', async () => {
  const more = await notes('a,b,c,d,label\n1,2,3,4,cat\n5,6,7,8,dog\n');
  expect(more.said).toContain('None of the 2 labels has the features of a compared row');
  expect(more.said).toContain('labels have 4 columns beside that of the label, and requests 3');
  expect(more.said).toContain('the first label is of (1,2,3,4), and a request sent (0,7,9)');
  expect(more.truth?.reason).toBe('None of the 2 labels belongs to one of the 20 compared rows.');
  expect((await notes('a,b,c,label\n7,9,0,cat\n')).said).toContain('both have 3 columns: they are in another order');
  expect((await notes('a,b,c,label\n0,7,9,cat\n')).said).not.toContain('None of');
});

test('what was sent is in no note of a report that leaves it out', async () => {
  const { said } = await notes('a,b,c,label\n7,9,0,cat\n', true);
  expect(said).toContain('both have 3 columns');
  expect(said).not.toMatch(/7,9,0|0,7,9/);
});
