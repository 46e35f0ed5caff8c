import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import { judgeEndpoint } from '../../src/lifecycle/judge.ts';

const root = mkdtempSync(join(tmpdir(), 'words-'));
afterAll(() => rmSync(root, { recursive: true }));

const half = (type: string, data: unknown) => ({
  observedContentType: type,
  mode: 'X',
  data: JSON.stringify(data),
  encoding: 'JSON',
});

/** The gate on labels, of 40 answers that are read at `path`, and labels of these very requests, or of others by `id`. */
async function truthOf(answer: (i: number) => unknown, label: (i: number) => unknown, path?: string, id = 'e') {
  const folder = mkdtempSync(join(root, 'case-'));
  const lines = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({
      captureData: {
        endpointInput: half('application/json', { n: i }),
        endpointOutput: half('application/json', answer(i)),
      },
      eventMetadata: { eventId: `e${i}`, inferenceTime: `2026-03-02T09:${10 + i}:00Z` },
      eventVersion: '0',
    }),
  ).join('\n');
  for (const variant of ['AllTraffic', 'shadow']) {
    mkdirSync(join(folder, 'captures', variant), { recursive: true });
    writeFileSync(join(folder, 'captures', variant, '1.jsonl'), lines);
  }
  const labels = join(folder, 'labels.csv');
  writeFileSync(
    labels,
    `eventId,churned\n${Array.from({ length: 40 }, (_, i) => `${id}${i},${String(label(i))}`).join('\n')}\n`,
  );
  const nowhere = () => Promise.reject(new Error('files are judged without AWS'));
  const { observations, verdict } = await judgeEndpoint(
    {
      clock: new VirtualClock(Date.UTC(2026, 2, 3)),
      signal: new AbortController().signal,
      aws: nowhere,
      journal: nowhere,
      project: () => Promise.resolve({ stateDir: join(folder, 'state') }),
    },
    {
      source: { kind: 'files', path: join(folder, 'captures'), variants: undefined },
      window: undefined,
      policy: path === undefined ? DEFAULT_POLICY : { ...DEFAULT_POLICY, answers: { ...DEFAULT_POLICY.answers, path } },
      labels: { at: labels, name: 'labels.csv', column: 'churned' },
    },
  );
  const { answers, truth } = observations.predictions ?? {};
  return { words: answers?.words, rows: truth?.rows, gate: verdict?.gates.find(({ id }) => id === 'truth') };
}

const score = (i: number) => (i % 10) / 10;

test('labels of true and false beside a score: the gate says so, and names the member that holds such words', async () => {
  const churn = await truthOf(
    (i) => ({ churn: i % 3 === 0, score: score(i) }),
    (i) => i % 4 === 0,
    '$.score',
  );
  expect(churn.words).toEqual({ labels: 40, of: 40, member: '$.churn' });
  expect(churn.gate?.reason).not.toContain('belongs to one');
  expect(churn.gate?.needs).toContain("--prediction '$.churn'");
});

test('with the member that it names, labels have their rows', async () => {
  const churn = await truthOf(
    (i) => ({ churn: i % 3 === 0, score: score(i) }),
    (i) => i % 4 === 0,
    '$.churn',
  );
  expect(churn.rows).toBe(40);
  expect(churn.words).toBeUndefined();
});

test('where no member, or more than one, holds the words of labels, none is named', async () => {
  const none = await truthOf(
    (i) => ({ kind: `k${i}`, score: score(i) }),
    (i) => (i % 2 === 0 ? 'yes' : 'no'),
    '$.score',
  );
  expect(none.words).toEqual({ labels: 40, of: 40, member: undefined });
  expect(none.gate?.needs).not.toContain('--prediction');
  const two = await truthOf(
    (i) => ({ a: i > 9, b: i > 5, score: score(i) }),
    (i) => i > 7,
    '$.score',
  );
  expect(two.words?.member).toBeUndefined();
});

test('numbers as labels of a score are no words', async () => {
  const found = await truthOf(
    (i) => ({ churn: i % 3 === 0, score: score(i) }),
    (i) => (i % 4 === 0 ? 1 : 0),
    '$.score',
  );
  expect(found.words).toBeUndefined();
  expect(found.rows).toBe(40);
});

test('labels of other requests, one of them a word, are told as that', async () => {
  const found = await truthOf(
    (i) => ({ churn: i % 3 === 0, score: score(i) }),
    (i) => (i === 7 ? 'unknown' : i % 2),
    '$.score',
    'other',
  );
  expect(found.words).toMatchObject({ labels: 1, of: 40 });
  expect(found.gate?.reason).toContain('belongs to one');
});
