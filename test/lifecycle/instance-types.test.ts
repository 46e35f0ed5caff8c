import { expect, test } from 'vitest';
import { instanceType } from '../../src/cli/flags/values.ts';
import { unknownTypes } from '../../src/lifecycle/instance-types.ts';

const fleet = (...types: string[]) =>
  ({ ProductionVariants: types.map((InstanceType) => ({ VariantName: 'v', InstanceType })) }) as Parameters<
    typeof unknownTypes
  >[0];

test('a type of instance that this version does not know is named with the nearest, and AWS may know it all the same', () => {
  expect(unknownTypes(fleet('ml.m5.large', 'ml.g5.xlarge'))).toEqual([]);
  expect(unknownTypes(fleet('ml.m55.large'))).toMatchObject([{ instanceType: 'ml.m55.large', nearest: 'ml.m5.large' }]);
  // What runs already exists.
  expect(unknownTypes(fleet('ml.zz9.large'), fleet('ml.zz9.large'))).toEqual([]);
  expect(instanceType('--instance-type')('ml.m55.large')).toBe('ml.m55.large');
});

test.each(['ml.m5', 'm5', 'ml.g4dn', 'ml.p6-b200'])('%s lacks its size', (words) => {
  expect(() => instanceType('--instance-type')(words)).toThrow('without a size');
});
