import { expect, test } from 'vitest';
import { instanceType } from '../../../src/cli/flags/values.ts';

test.each(['ml.m5.large', 'ml.p5.48xlarge', 'ml.m9z.3xlarge', 'ml.u1.metal-24xl', 'ml.new.gigantic'])(
  '%s may be a type of instance: AWS adds families and sizes',
  (type) => expect(instanceType('--instance-type')(type)).toBe(type),
);

test.each([
  ['ml.m5.lage', 'ml.m5.large'],
  ['ml.m5.2xlage', 'ml.m5.2xlarge'],
  ['ml.c6i.xlarg', 'ml.c6i.xlarge'],
  ['m5.large', 'ml.m5.large'],
])('%s is refused before anything is made, with what was meant', (type, meant) => {
  const refused = { kind: 'usage', next: `Did you mean ${meant}?` };
  expect(() => instanceType('--instance-type')(type)).toThrow(expect.objectContaining(refused));
});
