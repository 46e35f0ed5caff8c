import { describe, expect, test } from 'vitest';
import { EXAMPLE } from '../../src/analysis/policy/example.ts';
import { policyFile, type PolicyKind } from '../../src/analysis/policy/kinds.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import type { App } from '../../src/app.ts';
import { policyCommand } from '../../src/cli/policy.ts';
import type { PolicyOptions } from '../../src/cli/policy.ts';
import { run } from '../../src/cli/policy.ts';
import { parseYaml } from '../../src/base/yaml.ts';

async function parse(...argv: string[]): Promise<PolicyOptions | undefined> {
  let seen: PolicyOptions | undefined;
  const host = { start: async (_: unknown, options: unknown) => void (seen = options as PolicyOptions) };
  await policyCommand(host).exitOverride().parseAsync(argv, { from: 'user' });
  return seen;
}

test.each([
  [['init'], { action: 'init', file: undefined, endpoint: undefined, kind: undefined, format: 'text' }],
  [
    ['init', '--kind', 'llm-swap'],
    { action: 'init', file: undefined, endpoint: undefined, kind: 'llm-swap', format: 'text' },
  ],
  [['explain'], { action: 'explain', file: undefined, endpoint: undefined, kind: undefined, format: 'text' }],
  [
    ['explain', '--endpoint', 'rain'],
    { action: 'explain', file: undefined, endpoint: 'rain', kind: undefined, format: 'text' },
  ],
  [
    ['explain', '--policy', 'p.yaml', '--json'],
    { action: 'explain', file: 'p.yaml', endpoint: undefined, kind: undefined, format: 'json' },
  ],
])('policy %j', async (argv, expected) => {
  expect(await parse(...argv)).toEqual(expected);
});

test('of one endpoint, with what shadowctl.yaml says of it', async () => {
  const policyOf = async (endpoint: string | undefined) => {
    const out: string[] = [];
    const io = { out: (line = '') => void out.push(line), color: false, columns: 80 };
    const project = {
      policy: { errors: 0.25 },
      file: 'shadowctl.yaml',
      endpoints: { rain: { policy: { errors: 0.5 } } },
    };
    const app = { cwd: '/', io, project: async () => project } as unknown as App;
    await run(app, { action: 'explain', file: undefined, endpoint, kind: undefined, format: 'json' });
    return (JSON.parse(out.join('\n')) as { errors: number }).errors;
  };
  expect([await policyOf(undefined), await policyOf('weather'), await policyOf('rain')]).toEqual([0.25, 0.25, 0.5]);
});

async function explain(policy: unknown, json = false): Promise<string> {
  const out: string[] = [];
  const io = { out: (line = '') => void out.push(line), color: false, columns: 80 };
  const app = { cwd: '/', io, project: async () => ({ policy, file: 'shadowctl.yaml' }) } as unknown as App;
  expect(
    await run(app, {
      action: 'explain',
      file: undefined,
      endpoint: undefined,
      kind: undefined,
      format: json ? 'json' : 'text',
    }),
  ).toBe('done');
  return out.join('\n');
}

test('says what the project demands, and fits 80 columns where it is a table', async () => {
  const text = await explain({ latency: { p99: 0.5 }, inform: ['latency.mean'] });
  expect(text).toContain('Policy of shadowctl.yaml');
  expect(text.replace(/\s+/g, ' ')).toContain('its p99 latency is at most 50 % longer than');
  expect(text).toContain('latency.mean (informs)');
  const [tests = '', rules = ''] = text.split('rule   ');
  expect(tests).toContain('\nerrors ');
  expect(tests).not.toContain('output.readable');
  expect(rules).toContain('output.readable');
});

test('says how long answers are judged, and by which members', async () => {
  const text = await explain({ minimumBlocks: 4, blockMinutes: 5 });
  expect(text.replace(/\s+/g, ' ')).toContain(
    'at least 20 minutes must have had traffic (minimumBlocks 4 × blockMinutes 5)',
  );
  expect(text.replace(/[\s│]+/g, ' ')).toContain('300 pairs of different inputs, in 20 minutes.');
});

test('as JSON: the policy with every default', async () => {
  expect(JSON.parse(await explain({ errors: 0.25 }, true))).toMatchObject({
    errors: 0.25,
    alpha: 0.05,
    latency: { p50: 0.1 },
  });
});

test('every demand names its keys, with the default where it is another', async () => {
  const text = (
    await explain({ errors: 0.05, slices: 0.9, answers: { kinds: { number: { share: 0.2 } } }, inform: ['output'] })
  ).replace(/\s+/g, ' ');
  for (const words of [
    '[errors: 0.05, default 0.01]',
    '[latency.p99: 0.2]',
    '[slices: 0.9]',
    '[answers.kinds.number.share: 0.2; answers.tolerance.absolute: not set]',
    '[agreement: 0.9]',
    '[inform: [output], default []] For information only: output.',
    'Distances between distributions are shown and not judged [distances: not set]',
    '[answers.ignore: []]',
  ])
    expect(text).toContain(words);
  expect(text).not.toContain('[slices: not set');
});

test.each([
  ['effect.errors', 'effect.errors decides.'],
  ['latency', 'latency decides by default.'],
])('says what `decide: [%s]` does', async (name, words) => {
  expect(await explain({ decide: [name] })).toContain(words);
});

test('init prints the defaults, and what it has commented out can be used', async () => {
  const out: string[] = [];
  const app = { io: { out: (line = '') => void out.push(line) } } as unknown as App;
  expect(
    await run(app, { action: 'init', file: undefined, endpoint: undefined, kind: undefined, format: 'text' }),
  ).toBe('done');
  const text = out.join('\n');
  const read = (yaml: string) => readPolicy((parseYaml(yaml, 'init') as { policy: unknown }).policy, 'init');
  expect(read(text)).toEqual(DEFAULT_POLICY);
  expect(Object.keys((parseYaml(text, 'init') as { policy: object }).policy).toSorted()).toEqual(
    Object.keys(DEFAULT_POLICY)
      .filter(
        (key) =>
          ![
            'tasks',
            'latencyFloor',
            'labels',
            'cluster',
            'cover',
            'expect',
            'accept',
            'waivers',
            'slices',
            'bias',
            'distances',
            'limits',
            'resources',
            'fields',
            'costs',
            'fallback',
            'maturity',
            'reference',
            'regressions',
          ].includes(key),
      )
      .toSorted(),
  );
  const [set, unset] = text.split('  # Without a default:\n');
  const all = `${set?.replace(/^  answers: .*\n/m, '')}${unset?.replaceAll(/^  # /gm, '  ')}`;
  expect(read(all)).toMatchObject({
    slices: 0.9,
    accept: 'window',
    waivers: [{ gate: 'latency.p99', owner: 'ana', until: '2026-12-31' }],
    distances: { psi: 0.1 },
    fields: { ignore: ['$.id'] },
    numbers: { tolerance: 0.5 },
  });
});

describe('policies for kinds of change', () => {
  const read = (yaml: string) => readPolicy((parseYaml(yaml, 'init') as { policy: unknown }).policy, 'init');
  const same = { expect: { kind: 'same' }, latency: { mean: 0.05, p50: 0.05, p90: 0.1, p99: 0.1 } };

  test.each<[PolicyKind, object]>([
    ['retrain', { expect: undefined, truth: 0.01 }],
    ['container', { ...same, agreement: 0.99, numbers: { tolerance: 0.000001, share: 0.01 } }],
    ['instance', { ...same, agreement: 0.99, tasks: {} }],
    ['quantize', { ...same, agreement: 0.98, answers: { relative: 0.01 } }],
    ['llm-swap', { expect: undefined, answers: { refusals: 0.005, similarity: 0.8 }, inform: [] }],
  ])('%s: the whole file is read as it says, and has every key of the default', async (kind, says) => {
    const out: string[] = [];
    const app = { io: { out: (line = '') => void out.push(line) } } as unknown as App;
    expect(await run(app, { action: 'init', file: undefined, endpoint: undefined, kind, format: 'text' })).toBe('done');
    const text = out.join('\n');
    const policy = read(text);
    expect(policy).toMatchObject(says);
    for (const key of Object.keys((parseYaml(EXAMPLE, 'init') as { policy: object }).policy))
      expect(text).toMatch(new RegExp(`^  ${key}: .* # `, 'm'));
    // What is set is not offered again as a comment; the section of answers may be.
    const set = [...text.matchAll(/^ {2}(\w+): /gm)].map(([, key]) => key);
    const offered = [...text.matchAll(/^ {2}# (\w+): /gm)].map(([, key]) => key);
    expect(offered.filter((key) => key !== 'answers' && set.includes(key))).toEqual([]);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(180);
    expect(text).toMatch(/^# /);
  });

  test('they are said in words', async () => {
    const container = (parseYaml(policyFile('container'), 'init') as { policy: unknown }).policy;
    const words = (await explain(container)).replace(/\s+/g, ' ');
    expect(words).toContain("its p99 latency is at most 10 % longer than production's");
    expect(words).toContain("more than 99 % of its labels equal production's");
    expect(words).toMatch(/differ by more than \S+ and 0\.1 % of production's|differ by more than 0\.000001/);
  });
});
