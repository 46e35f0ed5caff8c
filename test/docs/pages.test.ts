import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { EXAMPLE } from '../../src/analysis/policy/example.ts';
import { GATES } from '../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { parseYaml } from '../../src/base/yaml.ts';
import { TOPICS } from '../../src/cli/help/topics.ts';
import { buildProgram } from '../../src/program.ts';
import { capturedIo } from '../support/io.ts';
import { PAGES, read } from './pages.ts';

test('README has at most 200 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
});

test('docs/judging.md shows the calibration as it was last measured', () => {
  expect(read('docs/judging.md')).toContain(read('test/bench/calibration.md').trim());
});

test('docs/commands.md names every command, and README those of the life cycle', async () => {
  const io = capturedIo();
  await buildProgram({ start: async () => undefined }, io)
    .parse(['--help'])
    .catch(() => undefined);
  const listed = /\nCommands:\n([^]*?)\n\n/.exec(io.outLines.join('\n'))?.[1] ?? '';
  const commands = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name);
  expect(commands).toContain('deploy');
  const page = read('docs/commands.md');
  expect(commands.filter((name) => !page.includes(`\`shadowctl ${name}`))).toEqual([]);
  for (const name of ['deploy', 'canary', 'shadow', 'report', 'promote', 'undo', 'cleanup', 'demo'])
    expect(read('README.md')).toMatch(new RegExp(`\\b${name}\\b`));
});

test('docs/configuration.md shows the policy with all its keys as `policy init` prints it, which is the default', () => {
  const shown = /```yaml\n(policy: {5,}[^]*?)```/.exec(read('docs/configuration.md'))?.[1] ?? '';
  expect(shown).toBe(EXAMPLE);
  expect(readPolicy((parseYaml(shown, 'page') as { policy: unknown }).policy, 'page')).toEqual(DEFAULT_POLICY);
});

test('docs/configuration.md names every gate', () => {
  const rows = [...read('docs/configuration.md').matchAll(/^\| (`[a-z]+[^|]*) \|/gm)].map(([, cell = '']) => cell);
  const named = rows.flatMap((cell) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const [first = ''] = names;
    return names.map((name) => (name.startsWith('.') ? `${first.split('.')[0]}${name}` : name));
  });
  expect(GATES.filter((gate) => !named.includes(gate))).toEqual([]);
});

test('the index lists every page with its topic', () => {
  const index = read('docs/README.md');
  for (const topic of Object.keys(TOPICS))
    expect(index).toMatch(new RegExp(`\\(${topic}\\.md\\) \\| \`${topic}\` \\|`));
});

test('every page is one that help shows, README and the index apart', () => {
  expect(PAGES.filter((page) => !page.endsWith('README.md'))).toEqual(
    Object.keys(TOPICS)
      .map((topic) => `docs/${topic}.md`)
      .sort(),
  );
});

test('the two commands of README and CI are the same', () => {
  expect(read('README.md')).toContain('npm ci && npx shadowctl demo');
  expect(read('README.md')).toContain('npm ci && npm test');
  expect(read('.ci/run')).toMatch(/^npm test$/m);
});
