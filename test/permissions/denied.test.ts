import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDocument } from '../../src/emulator/iam/document.ts';
import type { PolicyKind } from '../../src/emulator/iam/evaluate.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
const others = { ...allow, Action: 's3:*' };

function attach(kinds: Partial<Record<PolicyKind, object[]>>) {
  world.emulator.world.iam.attach(
    Object.entries(kinds).map(([kind, Statement]) => ({
      who: undefined,
      kind: kind as PolicyKind,
      document: readDocument({ Statement }, 'a test'),
    })),
  );
}

test.each<[string, Partial<Record<PolicyKind, object[]>>, RegExp]>([
  [
    'no policy allows it',
    { 'identity-based policy': [others] },
    /Grant sagemaker:DescribeEndpoint on arn:aws:sagemaker:/,
  ],
  [
    'the organization does not allow it',
    { 'identity-based policy': [allow], 'service control policy': [others] },
    /The policies of the organization \(service control policy\) must allow sagemaker:DescribeEndpoint on arn:/,
  ],
  [
    'the boundary does not allow it',
    { 'identity-based policy': [allow], 'permissions boundary': [others] },
    /The permissions boundary must allow sagemaker:DescribeEndpoint on arn:/,
  ],
  [
    'the organization denies it',
    {
      'identity-based policy': [allow],
      'service control policy': [allow, { ...allow, Effect: 'Deny', Action: 'sagemaker:*' }],
    },
    /A service control policy denies sagemaker:DescribeEndpoint on arn:[^ ]* outright/,
  ],
])('%s: the action, the resource, whose policy it is, and all that the command needs', async (_, kinds, advice) => {
  attach(kinds);
  const { code, err } = await world.shadowctl('status --endpoint weather --region us-east-1');
  expect(code).toBe(2);
  expect(err.replace(/\s+/g, ' ')).toMatch(advice);
  expect(err).toContain(
    'All that is needed: shadowctl iam-policy --region us-east-1 --command status --endpoint weather',
  );
});

test('the command that is told for the policy is the one that was run, whatever else is called so', async () => {
  attach({ 'identity-based policy': [others] });
  const { err } = await world.shadowctl('doctor --endpoint status --region us-east-1');
  expect(err).toContain('iam-policy --region us-east-1 --command doctor --endpoint status');
});
