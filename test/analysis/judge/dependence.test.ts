import { describe, expect, test } from 'vitest';
import { clustersOf } from '../../../src/analysis/answers/cluster.ts';
import { mostAlike, sumsOver } from '../../../src/analysis/compare/alike.ts';
import { comparePredictions } from '../../../src/analysis/compare/memory/compare.ts';
import { coveredBy } from '../../../src/analysis/judge/cover.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { seededRandom } from '../../support/random.ts';
import { simulate, START } from '../simulated.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const INFORM = { inform: ['latency', 'errors'] };

function gate(observations: Observations, policy: Policy, id: string) {
  return judge(observations, policy)?.gates.find((one) => one.id === id);
}

describe('cover', () => {
  test.each([
    [[0, 1, 2], 3],
    [[0, 60], 61],
    [[0, 61], 62],
    [[0, 62], 2],
    [[], undefined],
  ])('minutes %j cover %s minutes: pauses of more than an hour are none of it', (minutes, expected) => {
    expect(coveredBy(minutes.map((minute) => minute * MINUTE))?.covered).toBe(
      expected === undefined ? undefined : expected * MINUTE,
    );
  });

  test('a window that holds less lets nothing pass, and says how much is missing', () => {
    const seen = simulate();
    const policy = (cover: string) => readPolicy({ cover }, 'a test');
    expect(judge(seen, policy('100m'))?.outcome).toBe('pass');
    expect(judge(seen, policy('24h'))?.outcome).toBe('inconclusive');
    expect(gate(seen, policy('24h'), 'traffic.cover')).toMatchObject({
      outcome: 'inconclusive',
      estimate: 100 / 60,
      margin: 24,
      missing: { minutes: 24 * 60 - 100 },
    });
    expect(gate(seen, DEFAULT_POLICY, 'traffic.cover')).toBeUndefined();
  });

  test('answers of a part of the window are not made up for by its metrics', () => {
    const seen = simulate();
    const { predictions } = seen;
    const blocks = predictions?.blocks.slice(0, 85) ?? [];
    const part = { ...seen, predictions: predictions && { ...predictions, blocks } };
    expect(gate(part, readPolicy({ cover: '90m' }, 'a test'), 'traffic.cover')).toMatchObject({ n: 85 });
  });
});

/** 6 000 requests of users, each of whose rows agree or none does. */
function ofUsers(users: number, agreeing: number, cluster: string | undefined) {
  const random = seededRandom(5);
  const agrees = Array.from({ length: users }, () => random.next() < agreeing);
  const sides: [Capture[], Capture[]] = [[], []];
  for (let i = 0; i < 6000; i += 1) {
    const user = Math.floor(users * random.next());
    const label = i % 3;
    for (const [side, captures] of sides.entries()) {
      captures.push({
        inferenceId: `r-${i}`,
        eventId: undefined,
        at: START + i * 1000,
        input: { data: JSON.stringify({ user: `u${user}`, x: i }), encoding: 'JSON', contentType: 'application/json' },
        output: {
          data: `c${side === 0 || agrees[user] === true ? label : (label + 1) % 3}`,
          encoding: 'CSV',
          contentType: 'text/csv',
        },
      });
    }
  }
  const set = (captures: Capture[]) => ({ files: 1, captures, unreadable: 0, outside: 0, examples: [] });
  const predictions = comparePredictions(set(sides[0]), set(sides[1]), { tolerance: undefined, sampling: 1, cluster });
  return { ...simulate(), predictions };
}

describe('cluster', () => {
  test('rows of one user count as much less as they are alike', () => {
    const policy = readPolicy({ cluster: 'user', ...INFORM }, 'a test');
    const named = gate(ofUsers(200, 0.93, 'user'), policy, 'labels.agreement');
    const alone = gate(ofUsers(200, 0.93, undefined), { ...policy, cluster: undefined }, 'labels.agreement');
    expect(alone?.outcome).toBe('pass');
    expect(named?.outcome).toBe('inconclusive');
    expect(named?.needs).toBe('traffic with more different values of "user"');
    expect(named?.interval?.[0]).toBeLessThan((alone?.interval?.[0] ?? 0) - 0.02);
    expect(gate(ofUsers(6000, 0.99, 'user'), policy, 'labels.agreement')?.outcome).toBe('pass');
  });

  test.each([
    ['sums that were made without it', ofUsers(200, 1, undefined), 'user', 'were made without it'],
    ['rows that have none', ofUsers(200, 1, 'group'), 'group', '100 % of 6 000 rows have none'],
    ['a few users', ofUsers(20, 1, 'user'), 'user', '30 are needed'],
  ])('%s decide nothing', (_, seen, cluster, why) => {
    const found = gate(seen, readPolicy({ cluster, ...INFORM }, 'a test'), 'labels.agreement');
    expect(found).toMatchObject({ outcome: 'inconclusive', reason: expect.stringContaining(why) });
  });

  test('a column that looks like one is named, unless the policy names one', () => {
    expect(ofUsers(200, 0.9, undefined).predictions.alike).toMatchObject({ column: 'user', values: 200 });
    expect(ofUsers(200, 1, undefined).predictions.alike?.factor).toBeGreaterThan(2);
    expect(ofUsers(6000, 0.9, undefined).predictions.alike).toBeUndefined();
    const few = Array.from({ length: 9 }, (_, i) => ({ n: 100, x: i % 2 === 0 ? 100 : 0 }));
    expect(mostAlike([{ column: 'kind', sums: sumsOver(few) as never }])).toBeUndefined();
  });

  const json = (data: unknown) =>
    ({ data: JSON.stringify(data), encoding: 'JSON', contentType: 'application/json' }) as const;
  test.each<[string, Parameters<typeof clustersOf>[0], number, string, (string | undefined)[]]>([
    ['a column of CSV', { data: '1,a\n2,b', encoding: 'CSV', contentType: 'text/csv' }, 2, 'column 2', ['a', 'b']],
    ['a member of each row', json({ instances: [{ user: 7 }, { user: 8 }] }), 2, 'user', ['7', '8']],
    ['a member beside the rows', json({ user: 'a', instances: [[1], [2]] }), 2, 'user', ['a', 'a']],
    ['a path to one value', json({ meta: { user: 'a' }, instances: [[1], [2]] }), 2, '$.meta.user', ['a', 'a']],
    ['a path to one a row', json({ instances: [{ u: 'a' }, { u: 'b' }] }), 2, '$.instances[*].u', ['a', 'b']],
    ['nothing there', json({ instances: [[1], [2]] }), 2, '$.user', [undefined, undefined]],
    ['no request', undefined, 1, 'user', [undefined]],
  ])('is found: %s', (_, payload, rows, cluster, expected) => {
    expect(clustersOf(payload, rows, cluster)).toEqual(expected);
  });

  test.each([
    [{ cluster: 3 }, 'column 3'],
    [{ cluster: '$.user.id' }, '$.user.id'],
    [{ cluster: 'user' }, 'user'],
  ])('%j is read', (section, expected) => {
    expect(readPolicy(section, 'x').cluster).toBe(expected);
  });

  test('what is no column and no duration is named', () => {
    expect(() => readPolicy({ cluster: '$[' }, 'x')).toThrow('cluster');
    expect(() => readPolicy({ cover: 'long' }, 'x')).toThrow('a duration, like 24h');
    expect(readPolicy({ cover: '24h' }, 'x').cover).toBe(24 * HOUR);
  });
});
