import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { AREAS, misspelledRegion } from '../../src/aws/regions.ts';

test('a region is said to be misspelled where its area is unknown and resembles one', () => {
  expect(misspelledRegion('eu-wset-1')).toBe('eu-west-1');
  expect(misspelledRegion('us-est-2')).toBe('us-east-2');
  for (const fine of ['eu-west-1', 'eu-west-9', 'us-gov-west-1', 'zz-antarctica-1'])
    expect(misspelledRegion(fine)).toBeUndefined();
});

test('the areas are those of the SDK', () => {
  const core = dirname(createRequire(import.meta.url).resolve('@aws-sdk/core/package.json'));
  const file = join(core, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  const regions = [...readFileSync(file, 'utf8').matchAll(/"([a-z-]+)-(\d+)": \{/g)];
  const areas: Record<string, number> = {};
  for (const [, area = '', number] of regions) areas[area] = Math.max(areas[area] ?? 0, Number(number));
  expect(AREAS).toEqual(areas);
});
