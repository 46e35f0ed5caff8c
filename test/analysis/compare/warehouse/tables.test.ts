import { expect, test } from 'vitest';
import {
  capturesTable,
  cellsTable,
  digestOf,
  recordsTable,
} from '../../../../src/analysis/compare/warehouse/tables.ts';
import type { WarehouseTable } from '../../../../src/analysis/compare/warehouse/warehouse.ts';

test('every partition of a table is a part of its template, and what is made by other statements lies elsewhere', () => {
  const digest = digestOf(['a']);
  const tables: WarehouseTable[] = [
    capturesTable('weather_', ['a', 'b']),
    recordsTable('weather_', digest),
    cellsTable('weather_', digest),
  ];
  for (const { name, template, partitions } of tables) {
    expect(name.startsWith('weather_')).toBe(true);
    expect(template.endsWith('/')).toBe(true);
    expect([...template.matchAll(/\$\{(\w+)\}/g)].map(([, one]) => one)).toEqual(partitions.map((one) => one.name));
  }
  const other = digestOf(['a', 'b']);
  expect(recordsTable('', other).template).not.toBe(recordsTable('', digest).template);
});
