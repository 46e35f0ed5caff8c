import { expect, test } from 'vitest';
import { type ResourceStatement, resourceAllows } from '../../../src/emulator/iam/resource-policy.ts';

const ALLOW = { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:*', Resource: '*' };
const ARN = 'arn:aws:sqs:us-east-1:000000000000:q';
const SOURCE = 'arn:aws:events:us-east-1:000000000000:rule/r';
const allows = (...statements: object[]) =>
  resourceAllows(statements as ResourceStatement[], {
    principal: 'events.amazonaws.com',
    action: 'sqs:SendMessage',
    resource: ARN,
    keys: { 'aws:SourceArn': SOURCE },
  });

test.each<[boolean, string, object[]]>([
  [true, 'a statement that fits', [ALLOW]],
  [false, 'no statement', []],
  [false, 'another principal', [{ ...ALLOW, Principal: { Service: 's3.amazonaws.com' } }]],
  [true, 'a condition that holds', [{ ...ALLOW, Condition: { ArnLike: { 'aws:SourceArn': SOURCE } } }]],
  [false, 'a condition that does not', [{ ...ALLOW, Condition: { ArnLike: { 'aws:SourceArn': ARN } } }]],
  [false, 'a denial', [ALLOW, { ...ALLOW, Effect: 'Deny' }]],
  [true, 'a denial of another action', [ALLOW, { ...ALLOW, Effect: 'Deny', Action: 'sqs:DeleteQueue' }]],
  [false, 'an operator that is not built', [{ ...ALLOW, Condition: { DateLessThan: { 'aws:CurrentTime': 'x' } } }]],
  [
    false,
    'a denial by an operator that is not built',
    [ALLOW, { ...ALLOW, Effect: 'Deny', Condition: { DateLessThan: { 'aws:CurrentTime': 'x' } } }],
  ],
  [
    false,
    'a denial of all but some',
    [ALLOW, { Effect: 'Deny', NotPrincipal: { AWS: '*' }, Action: '*', Resource: '*' }],
  ],
])('%s: %s', (allowed, _, statements) => {
  expect(allows(...statements)).toBe(allowed);
});
