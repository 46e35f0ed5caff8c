import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { HiveSQL, TrinoSQL } from 'dt-sql-parser';
import { afterAll, expect, test } from 'vitest';
import { readReference } from '../../../../src/analysis/answers/reference.ts';
import type { ComparisonOptions } from '../../../../src/analysis/compare/options.ts';
import { compareInWarehouse } from '../../../../src/analysis/compare/warehouse/compare.ts';
import { planInWarehouse } from '../../../../src/analysis/compare/warehouse/plan.ts';
import type { Warehouse, WarehouseRow } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import { generated, KINDS } from '../generated.ts';
import type { Kind } from '../generated.ts';
import { sampled } from '../../../support/sizes.ts';
import { readTruth } from '../../read-truth.ts';
import { lakeOf } from './lake.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-grammar-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Its modules import each other without extensions, which Node does not follow: they are bundled first. */
async function parsers(): Promise<{ TrinoSQL: typeof TrinoSQL; HiveSQL: typeof HiveSQL }> {
  const outfile = join(folder, 'parsers.mjs');
  await build({
    stdin: { contents: "export { HiveSQL, TrinoSQL } from 'dt-sql-parser'", resolveDir: import.meta.dirname },
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
  });
  return import(pathToFileURL(outfile).href) as ReturnType<typeof parsers>;
}

/** A warehouse in which every number is 1, so that one question leads to the next. */
function ones(asked: Map<string, string>, { states, byId }: { states: readonly string[]; byId: boolean }): Warehouse {
  const note = (sql: string) => {
    // The same is asked of both sides.
    const shape = sql.replaceAll(/shadow|production/g, '');
    asked.set(shape, sql);
  };
  const row = (own: WarehouseRow): WarehouseRow =>
    new Proxy({ rows: 1, beyond: 1, ...own }, { get: (of, name) => (of as WarehouseRow)[String(name)] ?? 1 });
  return {
    rows(questions) {
      for (const { sql } of questions) note(sql);
      return Promise.resolve(
        questions.map(({ about, sql }) => {
          if (about === 'counts records') return states.map((state) => row({ state }));
          if (about === 'counts pairs')
            return [row(byId || !sql.includes('told_apart') ? {} : { pairs: 0, ...NO_KEYS })];
          return [row(about.startsWith('fetches') ? { line: 'no record' } : {})];
        }),
      );
    },
    unload(writes) {
      for (const { select } of writes) note(select);
      return Promise.resolve();
    },
    put: () => Promise.resolve(),
  };
}

const NO_KEYS = { production_keyed: 0, shadow_keyed: 0 };

test('every statement (of npm test, a sample) is of the grammar of Trino, and every type one of Hive', async () => {
  const files = generated(folder, KINDS[1] as Kind, 'inferenceId');
  const records = lakeOf(join(folder, 'lake'), files);
  const reference = readReference(Array.from({ length: 200 }, (_, i) => i / 200).join('\n'), 'reference.csv');
  const options: ComparisonOptions = { tolerance: undefined, memory: '500MB', spill: folder, threads: 1, reference };
  const limits = { sample: 10, folder: join(folder, 'sample') };
  const labels = readTruth('inferenceId,label,labeledAt\nrequest-1,1,2026-01-05T09:00:00Z\n', 'labels.csv');
  const asked = new Map<string, string>();
  for (const byId of [true, false])
    await compareInWarehouse(ones(asked, { states: ['answered', 'lost'], byId }), records, options, limits);
  for (const prices of [undefined, { '0→1': 5, 'true→*': 2, "*→fog's": 1 }])
    await compareInWarehouse(
      ones(asked, { states: ['answered', 'lost'], byId: true }),
      records,
      { ...options, truth: labels, prices, maturity: { age: 60_000, now: 0 } },
      limits,
    );
  // What only JavaScript can read is fetched, and then a sample.
  const unsure = ones(asked, { states: ['answered', 'unsure'], byId: true });
  expect((await compareInWarehouse(unsure, records, options, limits)).sampled).toBeDefined();
  expect(asked.size).toBeGreaterThan(45);
  const { TrinoSQL: Trino, HiveSQL: Hive } = await parsers();
  const [trino, hive] = [new Trino(), new Hive()];
  for (const sql of sampled([...asked.values()], 16)) expect(trino.validate(sql), sql).toEqual([]);
  for (const { name, columns } of planInWarehouse(records, options, limits).tables) {
    const types = columns.map((one) => `${one.name} ${one.type}`).join(', ');
    expect(hive.validate(`CREATE EXTERNAL TABLE ${name} (${types})`)).toEqual([]);
  }
  // It finds what DuckDB alone understands.
  expect(trino.validate('select x::double from t qualify y')).not.toEqual([]);
}, 120_000);
