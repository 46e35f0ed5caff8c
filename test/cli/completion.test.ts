import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { startEmulator } from '../../src/emulator/http/server.ts';
import { ROOT } from '../docs/pages.ts';
import { allCommands } from '../schemas/outputs.ts';
import { ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

const BIN = join(ROOT, 'bin/shadowctl.js');
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];
const isHere = (shell: Shell) => spawnSync(shell, ['-c', 'true']).status === 0;

let folder: string;
const scripts = {} as Record<Shell, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion-test-'));
  for (const shell of SHELLS) {
    scripts[shell] = join(folder, `script.${shell}`);
    const { stdout } = spawnSync(process.execPath, [BIN, 'completion', shell], { encoding: 'utf8' });
    // On a busy machine Node takes longer than that to start.
    writeFileSync(scripts[shell], stdout.replaceAll('-t 0.3', '-t 60'));
  }
  // A program of that name, and what a hostile folder may hold: a journal whose name is a command.
  writeFileSync(join(folder, 'shadowctl'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'shadowctl.yaml'), 'endpoints: { weather: {}, wind: {}, "$(touch pwned)": {} }\n');
  const journals = join(folder, '.shadowctl/000000000000/us-east-1');
  mkdirSync(journals, { recursive: true });
  for (const name of ['rain', '$(touch pwned)', '`touch pwned`', ';touch pwned', 'a b', '-rf'])
    writeFileSync(join(journals, `${name}.jsonl`), '');
  writeFileSync(join(folder, 'model.tar.gz'), '');
});
// One that was left asking an account may still write there.
afterAll(async () => {
  for (let left = 50; existsSync(folder); left -= 1)
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (left === 0) throw error;
      await systemClock.sleep(500);
    }
});

/** What the shell offers for the last word of the line. */
function offered(shell: Shell, line: string): string[] {
  const words = line.split(' ');
  const list = words.map((word) => `'${word}'`).join(' ');
  const lines = {
    bash: [
      `source '${scripts.bash}'`,
      `COMP_WORDS=(${list})`,
      `COMP_CWORD=${words.length - 1}`,
      '_shadowctl',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ],
    zsh: [
      'compdef() { :; }; compadd() { print -l -- ${(P)2}; }; _files() { print -l -- *; }; _describe() { print -l -- ${(P)2}; }',
      `source '${scripts.zsh}'`,
      `words=(${list}); CURRENT=${words.length}`,
      '_shadowctl',
    ],
    fish: [`source '${scripts.fish}'`, `complete -C '${line}'`],
  }[shell];
  const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell];
  const { stdout } = spawnSync(shell, [...flags, '-c', lines.join('\n')], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' },
  });
  return stdout
    .split('\n')
    .map((one) => one.split(shell === 'zsh' ? ':' : '\t')[0] ?? '')
    .filter((one) => one !== '')
    .toSorted();
}

describe.each(SHELLS)('%s', (shell) => {
  test.skipIf(!isHere(shell))('offers commands, and those below them', () => {
    expect(offered(shell, 'shadowctl dep')).toContain('deploy');
    expect(offered(shell, 'shadowctl emulator fault ')).toEqual(expect.arrayContaining(['add', 'clear', 'list']));
    expect(offered(shell, 'shadowctl --region eu-west-1 shadow ')).toContain('detach');
  });

  test.skipIf(!isHere(shell))('offers flags of the command, with the program’s, and their values', () => {
    const flags = offered(shell, 'shadowctl deploy --');
    expect(flags).toEqual(expect.arrayContaining(['--artifact', '--algorithm', '--region', '--env']));
    expect(flags).not.toContain('--canary-size');
    expect(offered(shell, 'shadowctl status --format ')).toEqual(['json', 'text']);
    expect(offered(shell, 'shadowctl policy init --kind ')).toContain('retrain');
  });

  test.skipIf(!isHere(shell))('offers files where a file is wanted', () => {
    expect(offered(shell, 'shadowctl deploy --artifact mod')).toContain('model.tar.gz');
  });

  test.skipIf(!isHere(shell))(
    'offers endpoints of the file and the folder, and runs nothing that stands in a name',
    () => {
      expect(offered(shell, 'shadowctl status --endpoint ')).toEqual(['rain', 'weather', 'wind']);
      expect(readdirSync(folder)).not.toContain('pwned');
    },
  );
});

test('a shell is told to wait 0.3 s at the most', () => {
  for (const shell of ['bash', 'zsh'])
    expect(spawnSync(process.execPath, [BIN, 'completion', shell], { encoding: 'utf8' }).stdout).toContain(' -t 0.3 ');
});

test('every command and flag of the program stands in the scripts', async () => {
  const commands = await allCommands();
  const lost = commands.flatMap(({ name, flags }) =>
    flags.flatMap((flag) => (readFileSync(scripts.bash, 'utf8').includes(flag) ? [] : [`${name} ${flag}`])),
  );
  expect(lost).toEqual([]);
});

describe('names of the account', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await testWorld();
    const line = ['deploy', '--endpoint', 'account-wide', '--artifact', ARTIFACT_009, '--algorithm', 'linear-learner'];
    await world.shadowctl([...line, '--yes', '--no-wait', '--state', join(folder, 'elsewhere')]);
  });
  afterAll(() => world.close());
  const names = async (env: Record<string, string>) => (await world.shadowctl('completion endpoints', { env })).out;

  test('are asked for beside, kept for five minutes, for the user alone', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    expect(await names({ HOME: home })).toBe('');
    expect(await names({ HOME: home })).toBe('account-wide');
    const kept = join(home, '.cache/shadowctl/endpoints');
    const [file = ''] = readdirSync(kept);
    expect(statSync(join(kept, file)).mode & 0o777).toBe(0o600);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    // Another account, another file.
    expect(await names({ HOME: home, AWS_ACCESS_KEY_ID: '111111111111' })).toBe('');
    await world.clock.sleep(6 * 60_000);
    expect(await names({ HOME: home })).toBe('');
    expect(await names({ HOME: home })).toBe('account-wide');
  });

  test('that cannot be asked for are no reason to speak', async () => {
    const refused = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', HOME: join(folder, 'none') };
    expect(await world.shadowctl('completion endpoints', { env: refused })).toEqual({ code: 0, out: '', err: '' });
    writeFileSync(join(world.root, 'shadowctl.yaml'), 'nonsense: true\n');
    expect(await world.shadowctl('completion endpoints')).toEqual({ code: 0, out: '', err: '' });
  });
});

test('a shell does not wait for the account: standard output ends before it is asked', async () => {
  const emulator = await startEmulator({ clock: systemClock });
  try {
    await fetch(`${emulator.url}/_shadowctl/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'delay', milliseconds: 3000 }),
    });
    // The shell ends when its substitution has: long before three seconds are over, or the reply would be there.
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: join(folder, 'slow'),
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: emulator.url,
    };
    const { spawn } = await import('node:child_process');
    const shell = spawn(
      'bash',
      [
        '--norc',
        '-c',
        'while IFS= read -r name; do echo "$name"; done < <(shadowctl completion endpoints </dev/null 2>/dev/null)',
      ],
      { cwd: folder, env },
    );
    let out = '';
    shell.stdout.on('data', (data: Buffer) => void (out += data.toString()));
    await new Promise((done) => shell.stdout.on('end', done));
    expect(out.trim().split('\n')).toEqual(['rain', 'weather', 'wind']);
    // The account answers three seconds later than that.
    const kept = join(folder, 'slow/.cache/shadowctl/endpoints');
    expect(existsSync(kept) ? readdirSync(kept).filter((file) => file.endsWith('.json')) : []).toEqual([]);
  } finally {
    await emulator.close();
  }
});
