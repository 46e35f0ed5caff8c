import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../src/emulator/iam/document.ts';
import { denialOf } from '../../../src/emulator/iam/evaluate.ts';
import { resourceMatches } from '../../../src/emulator/iam/match.ts';

const ENDPOINT = 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/weather';

const policy = (...Statement: object[]) => readDocument({ Version: '2012-10-17', Statement }, 'policy.json');
const allow = (more: object) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: object) => ({ Effect: 'Deny', Action: '*', Resource: '*', ...more });
const ask = (statements: object[], keys: Record<string, string[]> = {}, action = 'sagemaker:DescribeEndpoint') =>
  denialOf(
    { 'identity-based policy': [policy(...statements)] },
    {
      action,
      resource: ENDPOINT,
      keys: new Map(Object.entries(keys).map(([key, values]) => [key.toLowerCase(), values])),
    },
  );

const ALLOWED = undefined;
const IMPLICIT = { by: 'identity-based policy', explicit: false };
const EXPLICIT = { by: 'identity-based policy', explicit: true };

describe('a policy', () => {
  it.each<[string, object[], Record<string, string[]>, unknown]>([
    ['allows what it names', [allow({ Action: 'sagemaker:DescribeEndpoint' })], {}, ALLOWED],
    ['allows by pattern, whatever the case', [allow({ Action: 'SageMaker:describe*' })], {}, ALLOWED],
    ['allows nothing else', [allow({ Action: ['sagemaker:DescribeModel', 's3:*'] })], {}, IMPLICIT],
    ['allows by NotAction', [allow({ Action: undefined, NotAction: 's3:*' })], {}, ALLOWED],
    ['does not allow by NotAction', [allow({ Action: undefined, NotAction: 'sagemaker:*' })], {}, IMPLICIT],
    ['denies above all', [allow({}), deny({ Action: 'sagemaker:Describe*' })], {}, EXPLICIT],
    ['denies only what it names', [allow({}), deny({ Resource: `${ENDPOINT}-2` })], {}, ALLOWED],
    ['knows other resources', [allow({ Resource: 'arn:aws:sagemaker:*:*:endpoint/other*' })], {}, IMPLICIT],
    ['knows NotResource', [allow({ Resource: undefined, NotResource: 'arn:aws:sagemaker:*:*:domain/*' })], {}, ALLOWED],
    ['is refused by NotResource', [allow({ Resource: undefined, NotResource: `${ENDPOINT}*` })], {}, IMPLICIT],
    ['replaces variables', [allow({ Resource: '*:${aws:PrincipalAccount}:*' })], {}, IMPLICIT],
  ])('%s', (_, statements, keys, expected) => {
    expect(ask(statements, keys)).toEqual(expected);
  });

  it('replaces a variable by what the request says, and matches nothing without it', () => {
    const statement = allow({ Resource: ENDPOINT.replace('000000000000', '${aws:PrincipalAccount}') });
    expect(ask([statement], { 'aws:PrincipalAccount': ['000000000000'] })).toBe(ALLOWED);
    expect(ask([statement])).toEqual(IMPLICIT);
  });

  const tag = 'aws:ResourceTag/team';
  it.each<[string, object, string[] | undefined, boolean]>([
    ['StringEquals', { StringEquals: { [tag]: ['a', 'b'] } }, ['b'], true],
    ['StringEquals of another', { StringEquals: { [tag]: 'a' } }, ['A'], false],
    ['StringEquals of none', { StringEquals: { [tag]: 'a' } }, undefined, false],
    ['StringEqualsIfExists of none', { StringEqualsIfExists: { [tag]: 'a' } }, undefined, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { [tag]: 'a' } }, ['A'], true],
    ['StringNotEquals of one of them', { StringNotEquals: { [tag]: ['a', 'b'] } }, ['b'], false],
    ['StringNotEquals of none', { StringNotEquals: { [tag]: 'a' } }, undefined, true],
    ['StringLike', { StringLike: { [tag]: 'we*r' } }, ['weather'], true],
    ['StringNotLike', { StringNotLike: { [tag]: 'we*r' } }, ['weather'], false],
    ['ArnLike', { ArnLike: { [tag]: 'arn:aws:iam::*:role/x*' } }, ['arn:aws:iam::1:role/x1'], true],
    ['Bool', { Bool: { 'aws:SecureTransport': 'true' } }, undefined, false],
    ['Null of none', { Null: { [tag]: 'true' } }, undefined, true],
    ['Null of one', { Null: { [tag]: 'true' } }, ['a'], false],
    ['two operators', { StringEquals: { [tag]: 'a' }, Null: { 'aws:ResourceTag/x': 'false' } }, ['a'], false],
    ['ForAllValues', { 'ForAllValues:StringEquals': { [tag]: ['a', 'b'] } }, ['a', 'c'], false],
    ['ForAllValues of none', { 'ForAllValues:StringEquals': { [tag]: ['a'] } }, undefined, true],
    ['ForAnyValue', { 'ForAnyValue:StringEquals': { [tag]: ['a', 'b'] } }, ['a', 'c'], true],
    ['ForAnyValue of none', { 'ForAnyValue:StringEquals': { [tag]: 'a' } }, undefined, false],
  ])('condition %s', (_, Condition, value, met) => {
    const denial = ask([allow({ Condition })], value === undefined ? {} : { [tag]: value });
    expect(denial).toEqual(met ? ALLOWED : IMPLICIT);
  });
});

describe('policies of several kinds', () => {
  const question = { action: 'sagemaker:DescribeEndpoint', resource: ENDPOINT, keys: new Map() };
  const all = [policy(allow({}))];
  const none = [policy(allow({ Action: 's3:*' }))];
  const no = [policy(allow({}), deny({}))];

  it.each([
    ['all allow', { scp: all, boundary: all, identity: all }, ALLOWED],
    ['there is none', {}, ALLOWED],
    ['only a boundary, which allows', { boundary: all }, ALLOWED],
    ['the organization does not allow', { scp: none, boundary: none, identity: none }, 'service control policy'],
    ['the boundary does not allow', { scp: all, boundary: none, identity: none }, 'permissions boundary'],
    ['the identity does not allow', { scp: all, boundary: all, identity: none }, 'identity-based policy'],
  ])('%s', (_, { scp, boundary, identity }: Partial<Record<string, typeof all>>, by) => {
    const policies = {
      ...(scp && { 'service control policy': scp }),
      ...(boundary && { 'permissions boundary': boundary }),
      ...(identity && { 'identity-based policy': identity }),
    };
    expect(denialOf(policies, question)).toEqual(by === undefined ? undefined : { by, explicit: false });
  });

  it('a denial of any kind comes before what another does not allow', () => {
    const policies = { 'service control policy': none, 'identity-based policy': no };
    expect(denialOf(policies, question)).toEqual({ by: 'identity-based policy', explicit: true });
  });
});

describe('a pattern of ARNs', () => {
  it.each([
    ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/a:b/c', true],
    ['arn:aws:s3:::bucket*', 'arn:aws:s3:::bucket/a', true],
    ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/a', false],
    ['arn:aws:logs:*:*:log-group:/x:*', 'arn:aws:logs:r:1:log-group:/x:log-stream:', true],
    ['arn:aws:logs:*:*:log-group:/x', 'arn:aws:logs:r:1:log-group:/x:log-stream:', false],
    ['arn:aws:*:us-east-1:*:endpoint/w', 'arn:aws:sagemaker:us-east-1:1:endpoint/w', true],
    ['arn:aws:sagemaker:*:endpoint/w', 'arn:aws:sagemaker:us-east-1:1:endpoint/w', false],
    ['arn:aws:sagemaker', 'arn:aws:sagemaker:us-east-1:1:endpoint/w', true],
    ['arn:*', '*', false],
    ['*', '*', true],
  ])('%s and %s: %s', (pattern, arn, matches) => {
    expect(resourceMatches(pattern, arn)).toBe(matches);
  });
});

describe('what is refused by name', () => {
  it.each<[string, unknown, RegExp]>([
    ['no object', [], /it is no object/],
    ['no statement', { Version: '2012-10-17' }, /no Statement/],
    ['an unknown part', { Statement: [], Principal: '*' }, /"Principal"/],
    ['an unknown part of a statement', { Statement: allow({ Principal: '*' }) }, /"Principal"/],
    ['an effect', { Statement: allow({ Effect: 'Maybe' }) }, /"Maybe"/],
    ['both actions', { Statement: allow({ NotAction: '*' }) }, /Action or NotAction, and not both/],
    ['no resource', { Statement: allow({ Resource: undefined }) }, /Resource or NotResource/],
    ['an operator', { Statement: allow({ Condition: { IpAddress: { 'aws:SourceIp': '1.1.1.1' } } }) }, /IpAddress/],
    ['a key', { Statement: allow({ Condition: { StringEquals: { 'aws:SourceVpc': 'v' } } }) }, /aws:SourceVpc/],
    ['a variable', { Statement: allow({ Resource: 'arn:aws:s3:::${aws:SourceVpc}' }) }, /aws:SourceVpc/],
    [
      'a key that AWS has for the action',
      { Statement: allow({ Action: 's3:GetObject', Condition: { StringEquals: { 's3:authType': 'x' } } }) },
      /s3:authType/,
    ],
  ])('%s', (_, value, message) => {
    expect(() => readDocument(value, 'policy.json')).toThrow(message);
  });

  it.each([
    ['of services that are not here', { Action: 'ec2:*', Condition: { IpAddress: { 'aws:SourceIp': '1.1.1.1' } } }],
    ['that AWS does not have for the action', { Condition: { StringEquals: { 'sagemaker:WorkteamType': 'x' } } }],
  ])('but not conditions %s', (_, more) => {
    expect(readDocument({ Statement: allow(more) }, 'policy.json')).toHaveLength(1);
  });
});
