import { expect, test } from 'vitest';
import type { App } from '../../../src/app.ts';
import { policyCommand } from '../../../src/commands/policy/command.ts';
import type { PolicyOptions } from '../../../src/commands/policy/command.ts';
import { run } from '../../../src/commands/policy/run.ts';

async function parse(...argv: string[]): Promise<PolicyOptions | undefined> {
  let seen: PolicyOptions | undefined;
  const host = { start: async (_: unknown, options: unknown) => void (seen = options as PolicyOptions) };
  await policyCommand(host).exitOverride().parseAsync(argv, { from: 'user' });
  return seen;
}

test.each([
  [['explain'], { action: 'explain', file: undefined, json: false }],
  [['explain', '--policy', 'p.yaml', '--json'], { action: 'explain', file: 'p.yaml', json: true }],
])('policy %j', async (argv, expected) => {
  expect(await parse(...argv)).toEqual(expected);
});

async function explain(policy: unknown, json = false): Promise<string> {
  const out: string[] = [];
  const io = { out: (line = '') => void out.push(line), color: false, columns: 80 };
  const app = { cwd: '/', io, project: async () => ({ policy, file: 'shadowctl.yaml' }) } as unknown as App;
  expect(await run(app, { action: 'explain', file: undefined, json })).toBe('done');
  return out.join('\n');
}

test('says what the project demands, and fits 80 columns where it is a table', async () => {
  const text = await explain({ latency: { p99: 0.5 }, inform: ['latency.mean'] });
  expect(text).toContain('Policy of shadowctl.yaml');
  expect(text.replace(/\s+/g, ' ')).toContain('its p99 latency is at most +50 % of');
  expect(text).toContain('latency.mean (informs)');
});

test('says how long answers are judged, and by which members', async () => {
  const text = await explain({ minimumBlocks: 4, blockMinutes: 5 });
  expect(text).toContain('before 20 minutes that have some (minimumBlocks 4 × blockMinutes 5)');
  expect(text.replace(/[\s│]+/g, ' ')).toContain('300 pairs of different inputs, in 20 minutes.');
});

test('as JSON: the policy with every default', async () => {
  expect(JSON.parse(await explain({ errors: 0.25 }, true))).toMatchObject({
    errors: 0.25,
    alpha: 0.05,
    latency: { p50: 0.1 },
  });
});
