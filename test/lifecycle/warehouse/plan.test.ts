import { expect, test } from 'vitest';
import {
  billed,
  estimate,
  type KeptHour,
  keptHours,
  planHours,
  type RawHour,
  readPart,
  scanDollars,
  tooMuch,
  wholeMark,
} from '../../../src/lifecycle/warehouse/plan.ts';
import { glueInput, tablePrefix } from '../../../src/lifecycle/warehouse/tables.ts';

const RUN = 'r-mk2x4-00ff00ff';
const raw = (hour: string, bytes: number, digest = 'a'.repeat(64), variant = 'one-b'): RawHour => ({
  variant,
  hour,
  objects: bytes === 0 ? 0 : 2,
  bytes,
  digest,
});
/** What an earlier look has kept of an hour, as it lies in S3. */
const stagedAs = (part: string, bytes: number, mark = wholeMark(1, bytes)) => [
  { path: `${part}/20261130_0_part-0`, bytes },
  { path: `${part}/${mark}`, bytes: 0 },
];

test('an hour is kept while its captures are listed as they were, and read anew for one file more', () => {
  const first = planHours([raw('2026/11/30/09', 50e6), raw('2026/11/30/10', 0)], [], RUN);
  // Without captures there is nothing to read.
  expect(first.hours.map(({ hour, kept }) => [hour, kept])).toEqual([['2026/11/30/09', undefined]]);
  const part = first.hours[0]?.part ?? '';
  expect(readPart(part)).toEqual({ variant: 'one-b', hour: '2026/11/30/09', digest: 'a'.repeat(12), run: RUN });
  const { kept } = keptHours(stagedAs(part, 9e6));
  const again = planHours([raw('2026/11/30/09', 50e6)], kept, 'r-2-22222222');
  expect(again).toEqual({ hours: [{ ...raw('2026/11/30/09', 50e6), part, kept: 9e6 }], stale: [] });
  const later = planHours([raw('2026/11/30/09', 51e6, 'b'.repeat(64))], kept, 'r-2-22222222');
  expect(later.hours[0]).toMatchObject({ kept: undefined });
  expect(later.hours[0]?.part).not.toBe(part);
  expect(later.stale).toEqual(kept);
});

test('what is not whole counts for nothing: no mark, a file that is missing, one too many, a foreign name', () => {
  const part = planHours([raw('2026/11/30/09', 1)], [], RUN).hours[0]?.part ?? '';
  const broken = [
    [{ path: `${part}/data`, bytes: 5 }],
    stagedAs(part, 5, wholeMark(2, 10)),
    [...stagedAs(part, 5), { path: `${part}/another`, bytes: 1 }],
  ];
  for (const staged of broken) expect(keptHours(staged)).toEqual({ kept: [], broken: [part] });
  expect(keptHours(stagedAs('notes', 5))).toEqual({ kept: [], broken: ['notes'] });
  // Of an hour whose captures are no records of the window a query writes no file.
  expect(keptHours([{ path: `${part}/${wholeMark(0, 0)}`, bytes: 0 }]).kept).toMatchObject([{ bytes: 0 }]);
});

test('a query is billed as 10 MB at least, and as whole megabytes', () => {
  expect([0, 1, 10e6, 10e6 + 1, 1e12].map(billed)).toEqual([10e6, 10e6, 10e6, 11e6, 1e12]);
  expect(scanDollars(1e12, 5)).toBe(5);
});

test('an estimate counts hours that are read as their captures weigh, and questions as the records of a reading do', () => {
  const kept: KeptHour[] = keptHours(
    stagedAs(planHours([raw('2026/11/30/08', 100e6)], [], RUN).hours[0]?.part ?? '', 20e6),
  ).kept;
  const plan = planHours([raw('2026/11/30/08', 100e6), raw('2026/11/30/09', 400e6)], kept, RUN);
  const hours = ['2026/11/30/08', '2026/11/30/09'];
  const statements = [
    { about: 'reads', reads: 'captures', times: 1, hours, variants: ['one-b'] },
    { about: 'pairs', reads: 'records', times: 2, hours, variants: ['one-b'] },
    { about: 'sums', reads: 'cells', times: 1, hours, variants: ['one-b'] },
  ] as const;
  const found = estimate(plan, 1, statements, 5);
  // 400 MB of captures; three statements over 20 MB that are kept and 80 MB that are expected.
  expect(found).toMatchObject({ queries: 4, bytes: 700e6, largest: 400e6, raw: 400e6, hours: { read: 1, kept: 1 } });
  expect(found.dollars).toBeCloseTo(0.0035);
  expect(tooMuch(found, { maxScan: 700e6 }, 400e6)).toBeUndefined();
  expect(tooMuch(found, { maxScan: 699e6 }, undefined)).toEqual({ kind: 'max-scan', bytes: 700e6, limit: 699e6 });
  expect(tooMuch(found, { maxScan: undefined }, 399e6)).toEqual({ kind: 'cutoff', largest: 400e6, limit: 399e6 });
});

test('a table of captures projects variants and hours; one of records the folders that are whole', () => {
  const prefix = tablePrefix('Weather-EU', 's3://b/Weather-EU/', RUN);
  expect(prefix).toMatch(/^weather_eu_[0-9a-f]{8}_r_mk2x4_00ff00ff_$/);
  const place = { hours: ['2026/11/30/09', '2026/11/30/10'] as const, parameters: { 'shadowctl:run': RUN } };
  const captures = glueInput(
    {
      name: `${prefix}captures`,
      columns: [{ name: 'line', type: 'string' }],
      partitions: [
        { name: 'variant', kind: 'enum', values: ['a', 'b'] },
        { name: 'dt', kind: 'hours' },
      ],
      format: 'lines',
      template: '${variant}/${dt}/',
    },
    { ...place, root: 's3://b/Weather-EU/' },
  );
  expect(captures).toMatchObject({
    Parameters: {
      'projection.enabled': 'true',
      'projection.variant.values': 'a,b',
      'projection.dt.range': '2026/11/30/09,2026/11/30/10',
      'projection.dt.interval.unit': 'HOURS',
      'storage.location.template': 's3://b/Weather-EU/${variant}/${dt}/',
      'shadowctl:run': RUN,
    },
    PartitionKeys: [{ Name: 'variant' }, { Name: 'dt' }],
    StorageDescriptor: { Location: 's3://b/Weather-EU/' },
  });
  const records = glueInput(
    { name: 'x', columns: [], partitions: [], format: 'parquet', template: 'records/d1/' },
    { ...place, root: 's3://o/', parts: ['p1', 'p2'] },
  );
  expect(records).toMatchObject({
    Parameters: { 'projection.part.values': 'p1,p2', 'storage.location.template': 's3://o/records/d1/${part}/' },
    PartitionKeys: [{ Name: 'part' }],
  });
  const cells = glueInput(
    { name: 'x', columns: [], partitions: [], format: 'parquet', template: 'cells/d1/' },
    { ...place, root: 's3://o/looks/' },
  );
  expect(cells.PartitionKeys).toEqual([]);
  expect(cells.Parameters).not.toHaveProperty('projection.enabled');
});
