import { expect, test } from 'vitest';
import { UNCHOSEN } from '../../../../src/analysis/compare/readings.ts';
import {
  capturesTable,
  cellsTable,
  digestOf,
  recordsTable,
} from '../../../../src/analysis/compare/warehouse/tables.ts';
import type { WarehouseTable } from '../../../../src/analysis/compare/warehouse/warehouse.ts';

test('every partition of a table is a part of its template, and another reading is staged elsewhere', () => {
  const digest = digestOf(UNCHOSEN);
  const tables: WarehouseTable[] = [
    capturesTable('weather_', ['a', 'b']),
    recordsTable('weather_', digest),
    cellsTable('weather_', digest),
  ];
  for (const { name, template, partitions } of tables) {
    expect(name.startsWith('weather_')).toBe(true);
    expect(template.endsWith('/')).toBe(true);
    expect([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)).toEqual(partitions.map(({ name }) => name));
  }
  const other = digestOf({ ...UNCHOSEN, shadow: { shape: 'csv', kind: 'label' } });
  expect(recordsTable('', other).template).not.toBe(recordsTable('', digest).template);
});
