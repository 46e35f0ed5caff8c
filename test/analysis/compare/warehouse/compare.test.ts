import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareRecords } from '../../../../src/analysis/compare/compare.ts';
import type { ComparisonOptions } from '../../../../src/analysis/compare/options.ts';
import { compareInWarehouse } from '../../../../src/analysis/compare/warehouse/compare.ts';
import { planInWarehouse } from '../../../../src/analysis/compare/warehouse/plan.ts';
import type { Predictions } from '../../../../src/analysis/predictions.ts';
import { sampled } from '../../../support/sizes.ts';
import { comparable } from '../comparable.ts';
import { generated, KINDS } from '../generated.ts';
import type { Ids, Kind } from '../generated.ts';
import { lakeOf } from './lake.ts';
import { trinoOnDuckdb } from './trino-on-duckdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-warehouse-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function compareBoth(kind: Kind, ids: Ids, more: Partial<ComparisonOptions> = {}) {
  const files = generated(folder, kind, ids);
  const root = join(folder, `lake-${kind.title.replaceAll(/\W/g, '-')}-${ids}`);
  const records = lakeOf(root, files);
  const options: ComparisonOptions = {
    tolerance: undefined,
    memory: '500MB',
    spill: join(folder, 'spill'),
    threads: 1,
    ...more,
  };
  const limits = { sample: 1_000, folder: join(root, 'sample'), askedShare: 1 };
  const plan = planInWarehouse(records, options, limits);
  const { warehouse, asked, close } = await trinoOnDuckdb(root, plan.tables);
  const there = await compareInWarehouse(warehouse, records, options, limits);
  close();
  const here = await compareRecords(records.sample, { ...options, inMemory: true });
  return { here: here.predictions, there: there.predictions, sampled: there.sampled, asked, plan };
}

/** Inputs are hashed by each engine in its own way. */
function alike(found: Predictions): unknown {
  const { repeats, alternatives, ...rest } = found;
  const { hash: _, of = [], ...sample } = repeats?.sample ?? {};
  const counts = of.map(([, rows]) => rows).toSorted((a, b) => a - b);
  return {
    ...(comparable({ ...rest, repeats: repeats && { ...repeats, sample: undefined } }) as object),
    sample: { ...sample, counts },
    alternatives: alternatives?.map(alike),
  };
}

/** Answers of these kinds SQL does not read. */
const NOT_READ = /^(HuggingFace|vectors|texts|ids of more digits|several|xgboost softprob|a list that)/;
const READ = KINDS.filter(({ title }) => !NOT_READ.test(title));
const OTHERS = KINDS.filter(({ title }) => NOT_READ.test(title));

describe('SQL in a warehouse, and the local engine in memory, give one answer', () => {
  test.each(sampled(READ, 3))('$title', async (kind) => {
    const { here, there, sampled: part } = await compareBoth(kind, 'inferenceId');
    expect(part).toBeUndefined();
    expect(alike(there)).toEqual(alike(here));
  });

  test.each(sampled(OTHERS, 2))('$title: of a sample that is all', async (kind) => {
    const { here, there, sampled: part } = await compareBoth(kind, 'inferenceId');
    // Of one request on each side the answer cannot be read, which is not known of all.
    expect(part).toMatchObject({ requests: here.pairs, whole: { shadow: { unreadable: 4, outside: 1 } } });
    expect(part?.of).toBe(here.pairs + (kind.encoding === 'JSON' ? 2 : 0));
    // What is alike among vectors is learned from the first records, which stand in another order.
    const learned = ['vectors', 'several numbers of a row'].includes(kind.title);
    const told = ['method', 'task', 'pairs', 'rows', 'missing', 'production', 'shadow'] as const;
    for (const key of learned ? told : ([...told, 'blocks', 'repeats'] as const))
      expect(alike(there)).toHaveProperty(key, (alike(here) as Predictions)[key]);
  });

  test.each(['eventId', 'input'] as const)('paired by %s', async (ids) => {
    const { here, there } = await compareBoth(KINDS[1] as Kind, ids);
    expect(there.method).toBe(ids);
    expect(alike(there)).toEqual(alike(here));
  });
});
