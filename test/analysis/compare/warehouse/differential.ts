import { join } from 'node:path';
import { compareRecords } from '../../../../src/analysis/compare/compare.ts';
import type { ComparisonOptions } from '../../../../src/analysis/compare/options.ts';
import { compareInWarehouse } from '../../../../src/analysis/compare/warehouse/compare.ts';
import { planInWarehouse } from '../../../../src/analysis/compare/warehouse/plan.ts';
import type { WarehousePlan, WarehouseRecords } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import type { Sampled } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import type { Predictions } from '../../../../src/analysis/predictions.ts';
import type { AthenaStand } from '../../../emulator/services/athena/athena-stand.ts';
import { comparable } from '../comparable.ts';
import { athenaWarehouse } from './athena.ts';
import { lakeOf } from './lake.ts';

/** What both engines make of the same captures. */
export interface Both {
  here: Predictions;
  there: Predictions;
  sampled: Sampled | undefined;
  asked: readonly string[];
  plan: WarehousePlan;
}

/** Titles of the kinds of answers that SQL does not read. */
export const NOT_READ = /^(HuggingFace|vectors|texts|ids of more digits|several|xgboost softprob|a list that)/;

let made = 0;

/** Compares by the local engine in memory, and by Athena. @param folder for whatever is written */
export async function compareBoth(
  stand: AthenaStand,
  folder: string,
  files: { production: string; shadow: string },
  {
    options: more = {},
    records: other = {},
    sample = 1_000,
  }: { options?: Partial<ComparisonOptions>; records?: Partial<WarehouseRecords>; sample?: number } = {},
): Promise<Both> {
  made += 1;
  const root = join(folder, `lake-${made}`);
  const records = { ...lakeOf(root, files), prefix: `lake_${made}_`, ...other };
  const options: ComparisonOptions = {
    tolerance: undefined,
    memory: '500MB',
    spill: join(folder, 'spill'),
    threads: 1,
    ...more,
  };
  const limits = { sample, folder: join(folder, `sample-${made}`), askedShare: 1 };
  const plan = planInWarehouse(records, options, limits);
  const { warehouse, asked } = await athenaWarehouse(stand, root, plan.tables);
  const there = await compareInWarehouse(warehouse, records, options, limits);
  const here = await compareRecords(records.sample, { ...options, inMemory: true });
  return { here: here.predictions, there: there.predictions, sampled: there.sampled, asked, plan };
}

/** Sums to compare: inputs are hashed by each engine in its own way. */
export function alike(found: Predictions): Predictions {
  const { repeats, alternatives, ...rest } = found;
  const { hash: _, of = [], ...sample } = repeats?.sample ?? {};
  const counts = of.map(([, rows]) => rows).toSorted((a, b) => a - b);
  return {
    ...(comparable({ ...rest, repeats: repeats && { ...repeats, sample: undefined } }) as Predictions),
    ...{ sample: { ...sample, counts } },
    alternatives: alternatives?.map(alike),
  };
}
