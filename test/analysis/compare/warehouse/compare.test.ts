import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReference } from '../../../../src/analysis/answers/reference.ts';
import { compareRecords } from '../../../../src/analysis/compare/compare.ts';
import { CANNOT } from '../../../../src/analysis/compare/warehouse/cannot.ts';
import type { ComparisonOptions } from '../../../../src/analysis/compare/options.ts';
import { type AthenaStand, athenaStand } from '../../../emulator/services/athena/athena-stand.ts';
import { isWhole, matrixTest, sampled } from '../../../support/sizes.ts';
import { readTruth } from '../../read-truth.ts';
import { generated, KINDS, WINDOW } from '../generated.ts';
import type { Ids, Kind } from '../generated.ts';
import { alike, compareBoth, NOT_READ } from './differential.ts';
import type { Both } from './differential.ts';
import { LABELLED, type Labelled } from './labelled.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-warehouse-'));
let stand: AthenaStand;
beforeAll(async () => {
  stand = await athenaStand();
});
afterAll(async () => {
  await stand.close();
  rmSync(folder, { recursive: true });
});

const both = (kind: Kind, ids: Ids, options: Partial<ComparisonOptions> = {}): Promise<Both> =>
  compareBoth(stand, folder, generated(folder, kind, ids), { options });

/** Where values stand: `blocks[].rows`. */
function pathsOf(value: unknown, path = ''): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => pathsOf(one, `${path}[]`)))];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, path === '' ? key : `${path}.${key}`));
}

const PROBABILITIES = LABELLED.find(({ title }) => title.startsWith('probabilities')) as Labelled;
const READ = KINDS.filter(({ title }) => !NOT_READ.test(title));
const OTHERS = KINDS.filter(({ title }) => NOT_READ.test(title));

describe('SQL in a warehouse, and the local engine in memory, give one answer', () => {
  let scores: Both;
  let byInput: Both;

  test('scores of several classes, numbers beside a distribution that is expected', async () => {
    const reference = readReference(Array.from({ length: 200 }, (_, i) => i / 200).join('\n'), 'reference.csv');
    scores = await both(KINDS[2] as Kind, 'inferenceId', { reference });
    expect(scores.there.reference?.minutes?.length).toBeGreaterThan(10);
    expect(alike(scores.there)).toEqual(alike(scores.here));
  });

  test.each(sampled(READ, 1))('$title', async (kind) => {
    const { here, there, sampled: part } = await both({ ...kind, title: `${kind.title} again` }, 'inferenceId');
    expect(part).toBeUndefined();
    expect(alike(there)).toEqual(alike(here));
  });

  test.each(sampled(LABELLED, 1))('labels: $title', async ({ title, kind, ids, options }) => {
    const files = generated(folder, { ...kind, title: `labels ${title}` }, ids);
    const { here, there, sampled: part, plan } = await compareBoth(stand, folder, files, { options });
    expect(part).toBeUndefined();
    expect(there.truth?.rows).toBeGreaterThan(100);
    expect(alike(there)).toEqual(alike(here));
    expect(plan.tables.map(({ template }) => template)).toContain('labels/');
  });

  test.each(sampled(OTHERS, 1))('$title: of a sample that is all', async (kind) => {
    const { here, there, sampled: part } = await both(kind, 'inferenceId');
    // Of one request on each side the answer cannot be read, which is not known of all.
    expect(part).toMatchObject({ requests: here.pairs, whole: { shadow: { unreadable: 4, outside: 1 } } });
    expect(part?.of).toBe(here.pairs + (kind.encoding === 'JSON' ? 2 : 0));
    // What is alike among vectors, and scores of other classes, is learned from the first records, which stand in another order.
    const learned = ['vectors', 'several numbers of a row'].includes(kind.title) || here.labels?.others !== undefined;
    const told = ['method', 'task', 'pairs', 'rows', 'missing', 'production', 'shadow'] as const;
    for (const key of learned ? told : ([...told, 'blocks', 'repeats'] as const))
      expect(alike(there)).toHaveProperty(key, alike(here)[key]);
  });

  test.each(isWhole('matrix') ? (['eventId', 'input'] as const) : (['input'] as const))('paired by %s', async (ids) => {
    const found = await both(KINDS[1] as Kind, ids);
    expect(found.there.method).toBe(ids);
    expect(alike(found.there)).toEqual(alike(found.here));
    if (ids === 'input') byInput = found;
  });

  test('every sum is filled by both engines, or named by the one that cannot', async () => {
    const files = generated(folder, { ...(KINDS[1] as Kind), title: 'labelled' }, 'inferenceId');
    const labels = Array.from({ length: 300 }, (_, i) => `{"inferenceId": "request-${i}", "label": ${i % 2}}`).join(
      '\n',
    );
    const asked = { truth: readTruth(labels, 'labels.jsonl'), maturity: { age: 600_000, now: WINDOW.to } };
    const { predictions: clustered } = await compareRecords(
      { production: { files: [files.production] }, shadow: { files: [files.shadow] }, window: WINDOW, sampling: 1 },
      {
        ...{ tolerance: undefined, memory: '500MB', spill: join(folder, 'spill'), threads: 1, inMemory: true },
        ...{ ...asked, cluster: 'column 3' },
      },
    );
    const labelled = await compareBoth(stand, folder, files, { options: asked });
    const probable = await compareBoth(stand, folder, generated(folder, PROBABILITIES.kind, 'inferenceId'), {
      options: PROBABILITIES.options,
    });
    const here = new Set([
      ...pathsOf(scores.here),
      ...pathsOf(byInput.here),
      ...pathsOf(clustered),
      ...pathsOf(probable.here),
    ]);
    const there = new Set([...[scores, byInput, labelled, probable].flatMap(({ there: found }) => pathsOf(found))]);
    const named = (path: string) =>
      Object.keys(CANNOT).some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
    expect(here.size).toBeGreaterThan(120);
    expect([...here].filter((path) => !there.has(path) && !named(path))).toEqual([]);
    expect([...there].filter((path) => !here.has(path))).toEqual(['repeats.sample.hash']);
    // What is named is not filled in secret.
    expect([...there].filter(named)).toEqual([]);
  });

  matrixTest('of a sample, both records of each request are compared', async () => {
    const kind = KINDS.find(({ title }) => title === 'texts') as Kind;
    const files = generated(folder, { ...kind, title: 'a part of texts' }, 'inferenceId');
    const { here, there, sampled: part } = await compareBoth(stand, folder, files, { sample: 100 });
    expect(part?.of).toBe(here.pairs + 2);
    expect(there.pairs).toBe(part?.requests);
    expect(there.pairs).toBeGreaterThan(40);
    expect(there.pairs).toBeLessThan(130);
    // The request whose id is another's on the other side, and those of which one answer is missing.
    expect(there.shadow.unmatched + there.production.unmatched).toBeLessThan(10);
    expect(there.coverage).toBeGreaterThan(0.9);
    expect(there.shadow.unreadable).toBe(Math.ceil((4 * there.pairs) / (part?.of ?? 1)));
  });
});
