import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { factsPatch } from '../../scripts/verify-aws/patch.ts';
import { redact } from '../../scripts/verify-aws/redact.ts';
import { STEPS } from '../../scripts/verify-aws/steps.ts';
import { MINUTE } from '../../src/base/units.ts';
import { interrupted } from '../../src/base/errors.ts';
import { STRICT_SWITCHES, type Switches } from '../../src/emulator/world/options.ts';
import { isWhole } from '../support/sizes.ts';
import { type TestWorld, testWorld } from '../support/world.ts';
import { ACCOUNT, ROOT, SECRET, session } from './session.ts';

let world: TestWorld;
const start = async (...options: Parameters<typeof testWorld>) => (world = await testWorld(...options));
afterEach(() => world.close());

const FACTS = 'docs/sagemaker-facts.md';
const found = (findings: readonly { name: string; value: string }[]) =>
  Object.fromEntries(findings.map(({ name, value }) => [name, value]));

/** The page of facts with a patch applied by git, in a folder of its own. */
function patched(facts: string, patch: string | undefined): string {
  const file = join(world.root, 'patched', FACTS);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, facts);
  const cwd = join(world.root, 'patched');
  const { status, stderr } = spawnSync('git', ['apply', '--unsafe-paths', '-'], {
    cwd,
    input: patch,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return readFileSync(file, 'utf8');
}

/** What a session shows of switches that are all on their other side. */
const OTHERS: Partial<Switches> = {
  sharedEventId: true,
  captureFailedCalls: true,
  guardrailsWithShadow: 'all-at-once',
  showNetworkIsolation: false,
  reuseConfigs: false,
  rollbackStatus: 'RollingBack',
  rollbackReason: false,
  bakingWait: 'WaitIntervalInSeconds',
  lowerCaseArns: true,
  scaleShadows: false,
  percentiles: false,
};

test.runIf(isWhole('matrix'))(
  'a session says how what was unsettled turned out, as a patch, and leaves nothing',
  async () => {
    await start({ switches: OTHERS });
    const seen = await session(world);
    expect(seen.stopped, seen.said).toBeUndefined();
    expect(seen.done.map(({ id }) => id)).toEqual(STEPS.map(({ id }) => id));
    expect(seen.left).toEqual([]);
    expect(seen).toMatchObject({ clean: true, scheduled: true });
    const wanted = Object.fromEntries(Object.entries(OTHERS).map(([name, value]) => [name, String(value)]));
    expect(found(seen.findings), seen.said).toMatchObject({
      ...wanted,
      shadowCaptures: 'true',
      refuseDataCapture: 'false',
    });
    const before = readFileSync(join(ROOT, FACTS), 'utf8');
    const after = patched(before, readFileSync(join(seen.folder, 'facts.patch'), 'utf8'));
    for (const [name, value] of Object.entries(wanted)) expect(after).toContain(`| \`${name}\` | ${value} |`);
    // A later session adds to what stands there.
    const more = [{ name: 'halfMinutes' as const, value: 'true', seen: 'a | b' }];
    const again = patched(after, factsPatch(after, more, { at: world.clock.now(), region: 'eu-west-1' }));
    expect(again.match(/^## 16/gm)).toHaveLength(1);
    expect(again).toMatch(/\| `halfMinutes` \| true \| a \\\| b \| 2026-01-05, eu-west-1 \|\n$/);
    const calls = seen.recorded
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { operation: string });
    expect(new Set(calls.map(({ operation }) => operation))).toContain('CreateSchedule');
    for (const secret of [ACCOUNT, SECRET, 'models-of-the-company'])
      expect(`${seen.recorded}${seen.patch}`).not.toContain(secret);
  },
);

test('the same switch on its other side', async () => {
  await start();
  const seen = await session(world, { steps: STEPS.slice(0, 1) });
  expect(found(seen.findings)).toEqual({ lowerCaseArns: 'false', showNetworkIsolation: 'true' });
  expect(seen.patch).toContain('+| `lowerCaseArns` | false |');
  expect(seen.left).toEqual([]);
});

test('what it costs and what removes it are said first; without a yes nothing is made', async () => {
  await start();
  const seen = await session(world, { yes: false }, ['n']);
  expect(seen.stopped).toBe('not begun');
  expect(seen.said).toMatch(/instance hours of ml\.m5\.large, each about \$\d/);
  expect(seen.said).toMatch(
    /node \S.*bin\/shadowctl\.js'? cleanup --all --yes --config \S.*shadowctl\.yaml'? --region us-east-1/,
  );
  expect(seen.recorded).not.toContain('Create');
  expect(seen.left).toEqual([]);
});

test('where no schedule may be made, that is said and asked', async () => {
  await start();
  world.emulator.world.faults.add({ kind: 'deny', operation: 'CreateSchedule' });
  const seen = await session(world, { yes: false }, ['y', 'n']);
  expect(seen).toMatchObject({ stopped: 'not begun', scheduled: false });
  expect(seen.said).toMatch(/There is no schedule.*AccessDeniedException.*scheduler:CreateSchedule/);
  expect(seen.left).toEqual([]);
  const none = await session(world, { scheduleRole: undefined, yes: false }, ['y', 'n']);
  expect(none.said).toContain('--schedule-role');
});

test('each step is weighed against the budget before it begins', async () => {
  await start();
  const seen = await session(world, { budget: 1 });
  expect(seen.done.map(({ id }) => id)).toEqual(['deploy']);
  expect(seen.stopped).toContain('left of the budget');
  expect(seen.left).toEqual([]);
});

test('a step that takes too long is stopped, and what it made is removed', async () => {
  await start({ latencies: { createEndpoint: 40 * MINUTE } });
  const seen = await session(world);
  expect(seen.done).toMatchObject([{ id: 'deploy', codes: [130] }]);
  expect(seen.left).toEqual([]);
  expect(seen.clean).toBe(true);
});

test('Ctrl-C in the middle of an update: everything is removed', async () => {
  await start();
  const stop = new AbortController();
  const [seen] = await world.clock.all<unknown>([
    () => session(world, { signal: stop.signal }),
    async () => {
      await world.clock.sleep(6 * MINUTE);
      stop.abort(interrupted('Interrupted.'));
    },
  ]);
  expect(seen).toMatchObject({ stopped: 'interrupted', clean: true, left: [] });
});

test('what cannot be removed is said, with the command; the schedule stays', async () => {
  await start();
  world.emulator.world.faults.add({ kind: 'deny', operation: 'DeleteEndpoint' });
  const seen = await session(world, { steps: STEPS.slice(0, 1) });
  expect(seen.clean).toBe(false);
  expect(seen.left).toContain('schedule');
  expect(seen.said).toMatch(/Not everything is gone.*\n.*cleanup --all --yes/);
});

test('recordings hold no accounts, keys, names or addresses', () => {
  const words =
    'User: arn:aws:sts::123456789012:assumed-role/Admin/jane@company.com is not authorized: AKIAIOSFODNN7EXAMPLE, a-token, sagemaker-us-east-1-123456789012, 1767603600000';
  expect(redact(words, ['a-token'])).toBe(
    'User: arn:aws:sts::000000000000:assumed-role/redacted is not authorized: redacted, redacted, sagemaker-us-east-1-000000000000, 1767603600000',
  );
});

/** Switches that a session settles, by the values that it can tell. */
const SETTLED: readonly [keyof Switches, Switches[keyof Switches]][] = [
  ...(Object.entries(OTHERS) as [keyof Switches, Switches[keyof Switches]][]),
  ['shadowCaptures', false],
  ['shadowInferenceId', false],
  ['refuseDataCapture', true],
  ['guardrailsWithShadow', false],
];

test.runIf(isWhole('matrix')).each(SETTLED)(
  '%s = %s is told from its default',
  { timeout: 120_000 },
  async (name, value) => {
    await start({ switches: { [name]: value } });
    const seen = await session(world);
    const told = found(seen.findings);
    expect(told[name], seen.said).toBe(String(value));
    // Of the others, what is told is true.
    for (const [other, says] of Object.entries(told))
      if (other !== name) expect([other, says]).toEqual([other, String(STRICT_SWITCHES[other as keyof Switches])]);
    expect(seen.left).toEqual([]);
  },
);
