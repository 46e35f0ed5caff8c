import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../src/analysis/policy/policy.ts';
import { EXAMPLE } from '../src/analysis/policy/example.ts';
import { readPolicy } from '../src/analysis/policy/schema.ts';
import { parseYaml } from '../src/base/yaml.ts';
import { buildProgram } from '../src/program.ts';
import { capturedIo } from './support/io.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const readme = read('README.md');

test('README prints the calibration as it was last measured', () => {
  expect(readme).toContain(read('test/bench/calibration.md').trim());
});

test('README names every command', async () => {
  const io = capturedIo();
  await buildProgram({ start: async () => undefined }, io)
    .parse(['--help'])
    .catch(() => undefined);
  const help = io.outLines.join('\n');
  const commands = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}(\w+)/gm)].map((match) => match[1] ?? '');
  expect(commands).toContain('deploy');
  const missing = commands.filter((name) => name !== 'help' && !new RegExp(`shadowctl ${name}\\b`).test(readme));
  expect(missing).toEqual([]);
});

test('README shows the policy with all its keys as `policy init` prints it, which is the default', () => {
  const shown = /```yaml\n(policy:[^]*?)```/.exec(readme)?.[1] ?? '';
  expect(shown).toBe(EXAMPLE);
  expect(readPolicy((parseYaml(shown, 'README.md') as { policy: unknown }).policy, 'README.md')).toEqual(
    DEFAULT_POLICY,
  );
});

test('the two commands of README and CI are the same', () => {
  expect(readme).toContain('npm ci && npx shadowctl demo');
  expect(readme).toContain('npm ci && npm test');
  expect(read('.ci/run')).toMatch(/^npm test$/m);
});

test('the map shows every room', () => {
  const map = read('src/README.md');
  for (const room of ['aws', 'analysis', 'commands', 'emulator', 'guardrails', 'report', 'resources', 'state', 'ui']) {
    expect(map).toContain(`  ${room}/`);
  }
});
