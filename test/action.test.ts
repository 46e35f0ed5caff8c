import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseYaml } from '../src/base/yaml.ts';
import { systemClock } from '../src/base/clock.ts';
import { startEmulator } from '../src/emulator/http/server.ts';

/* The steps of action.yml in a shell, as a runner of GitHub's runs them: inputs are variables of the environment. */

const ROOT = resolve(import.meta.dirname, '..');

interface Step {
  id?: string;
  name: string;
  shell: string;
  env: Record<string, string>;
  run: string;
}

interface Action {
  inputs: Record<string, { default?: string }>;
  runs: { using: string; steps: Step[] };
}

const action = parseYaml(readFileSync(join(ROOT, 'action.yml'), 'utf8'), 'action.yml') as Action;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadowctl-action-'));
  const program = join(folder, 'shadowctl');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin/shadowctl.js')}" "$@"\n`);
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a step with these inputs. */
async function step(name: string, inputs: Record<string, string>, more: Record<string, string> = {}) {
  const found = action.runs.steps.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no step ${name}`);
  const value = (expression: string) => {
    const [, input = ''] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression) ?? [];
    return inputs[input] ?? action.inputs[input]?.default ?? '';
  };
  const files = { GITHUB_STEP_SUMMARY: join(folder, 'summary'), GITHUB_OUTPUT: join(folder, 'output') };
  const env = {
    PATH: [folder, process.env.PATH].join(delimiter),
    HOME: folder,
    ...files,
    ...Object.fromEntries(Object.entries(found.env).map(([key, one]) => [key, value(one)])),
    ...more,
  };
  const script = join(folder, 'step.sh');
  writeFileSync(script, found.run);
  const code = await new Promise<number>((done) => {
    // As GitHub runs `shell: bash`.
    execFile('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: folder, env }, (error) =>
      done(error === null ? 0 : typeof error.code === 'number' ? error.code : -1),
    );
  });
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return { code, summary: read(files.GITHUB_STEP_SUMMARY), output: read(files.GITHUB_OUTPUT) };
}

const run = (inputs: Record<string, string>, more?: Record<string, string>) => step('Run shadowctl', inputs, more);

describe('the action', () => {
  test('puts no input into a script: each is a variable', () => {
    expect(action.runs.using).toBe('composite');
    for (const one of action.runs.steps) {
      expect(one.run).not.toContain('${{');
      expect(one.shell).toBe('bash');
    }
  });

  test('runs a command, and writes its result into the summary and into a file', async () => {
    const emulator = await startEmulator({ clock: systemClock });
    try {
      const aws = {
        AWS_ENDPOINT_URL: emulator.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      };
      const { code, summary, output } = await run({ command: 'ls --all --format json', report: 'out.json' }, aws);
      expect({ code, output }).toEqual({ code: 0, output: `exit-code=0\nreport=${join(folder, 'out.json')}\n` });
      expect(summary).toBe(`\`\`\`\n${readFileSync(join(folder, 'out.json'), 'utf8')}\n\`\`\`\n`);
      expect(await run({ command: 'status --endpoint nowhere' }, aws)).toMatchObject({ code: 2 });
      expect(await run({ command: 'status --endpoint nowhere', 'fail-on': 'never' }, aws)).toMatchObject({ code: 0 });
    } finally {
      await emulator.close();
    }
  });

  test('takes words as they are: nothing of them is read by the shell', async () => {
    const evil = `policy explain --policy $(touch ${folder}/owned) ; touch ${folder}/owned`;
    for (const command of [evil, evil.replaceAll(' ', '\n'), `policy\nexplain\n--policy\n\`touch ${folder}/owned\``])
      expect((await run({ command })).code).toBe(2);
    await run({ command: '--version', report: `$(touch ${folder}/owned)` });
    await run({ command: '--version', 'fail-on': `1; touch ${folder}/owned` });
    await step('Install shadowctl', { version: `1 && touch ${folder}/owned` });
    expect(existsSync(join(folder, 'owned'))).toBe(false);
    expect(await step('Install shadowctl', { version: 'none' })).toMatchObject({ code: 0 });
    expect((await step('Install shadowctl', { version: '--registry=http://x' })).code).toBe(2);
  });
});
