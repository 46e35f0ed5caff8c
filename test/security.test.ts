import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '../src/base/private-folder.ts';
import { spawnEmulator } from '../src/emulator/daemon/spawn.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spreadsheetCell, withoutGuard } from '../src/base/csv.ts';
import { labelRows } from '../src/analysis/answers/label-rows.ts';
import { run } from '../src/main.ts';
import { inert, processIo, type ProcessStreams } from '../src/ui/io.ts';
import { ARTIFACT_009, type TestWorld, testWorld } from './support/world.ts';

/** The threats of SECURITY.md, tried. */

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ESC = '\u001b';
/** Colors, a title, a link, the clipboard, the cursor, C1 codes, the other direction, commands of CI. */
const HOSTILE = [
  `${ESC}[2J${ESC}[1;1H`,
  `${ESC}]0;title\u0007`,
  `${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`,
  `${ESC}]52;c;ZXZpbA==\u0007`,
  '\u009b31m\u009d52;c;x\u009c',
  '\u202egnp.exe\u2066\u200f',
  '\r\u0008\u0008',
].join('');
const CI = [
  '::error::x',
  '  ::set-output name=a::b',
  'x ##[add-mask]y',
  '##vso[task.setvariable variable=a]b',
  "##teamcity[message text='x']",
];

/** The program with the streams of a process: what it writes is what a terminal would get. */
async function written(words: readonly string[], env: Record<string, string | undefined> = {}) {
  let all = '';
  const stream = { isTTY: false, write: (text: string) => ((all += text), true), columns: 100 };
  const streams = { stdin: { isTTY: false }, stdout: stream, stderr: stream, env: {} } as unknown as ProcessStreams;
  const code = await run(words, {
    clock: world.clock,
    env: { ...world.env, ...env },
    cwd: world.root,
    signal: new AbortController().signal,
    io: (options) => processIo(streams, options),
  });
  return { code, all };
}

/** Nothing in it drives a terminal or a CI system. */
function expectInert(text: string): void {
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  expect(text).not.toMatch(/^\s*::/m);
  expect(text).not.toMatch(/##(?:vso|teamcity)?\[/);
}

describe('a terminal and the log of CI', () => {
  test('what is written obeys nothing, and keeps its own colors', () => {
    expectInert(inert(HOSTILE));
    expectInert(inert(CI.join('\n')));
    expect(inert(`${ESC}[32mgood${ESC}[39m\tbad`, true)).toBe(`${ESC}[32mgood${ESC}[39m\tbad`);
    expect(inert(`${ESC}[32mgood${ESC}[39m\tbad`)).toBe('good\tbad');
    // What hides text, or what is behind it, is nobody's color here; and no color outlives its text.
    for (const code of ['8', '7', '5', '30;40', '38;5;0', '48;5;0', '1;8', '98', '107', ''])
      expect(inert(`a${ESC}[${code}mb`, true), code).toBe('ab');
    expect(inert(`${ESC}[31mred\nstill`, true)).toBe(`${ESC}[31mred\nstill${ESC}[0m`);
    expect(inert(`${ESC}[1m::error::x`, true)).toBe(`${ESC}[1m: :error::x${ESC}[0m`);
    expect(inert(`:${ESC}[1m:error::x`, true)).not.toMatch(/^::/m);
    expect(inert(`:${ESC}[8m:error::x`)).not.toMatch(/^::/m);
    expect(inert('arn:aws:s3:::bucket a::b')).toBe('arn:aws:s3:::bucket a::b');
  });

  test.each([
    ['a key of shadowctl.yaml', (bad: string) => yaml(`${JSON.stringify(bad)}: 1\n`), ['status']],
    ['a value of it', (bad: string) => yaml(`region: ${JSON.stringify(bad)}\n`), ['status'], { AWS_REGION: undefined }],
    ['an endpoint of it', (bad: string) => yaml(`endpoints: { ${JSON.stringify(bad)}: {} }\n`), ['config', 'show']],
    [
      'an environment of it',
      (bad: string) => yaml(`environments: { ${JSON.stringify(bad)}: {} }\n`),
      ['config', 'show', '--env', 'x'],
    ],
    ['a folder of captures', (bad: string) => yaml(`cache: ${JSON.stringify(bad)}\n`), ['config', 'show']],
    ['a damaged journal', (bad: string) => journal(`${bad}\n{"type":"x"}\n`), ['status', '--endpoint', 'weather']],
    [
      'an event of another version',
      (bad: string) => journal(`${JSON.stringify({ type: bad, version: 9 })}\n`),
      ['status'],
    ],
    [
      'who holds a lock',
      (bad: string) => lock(JSON.stringify({ by: bad, host: bad, pid: 1, why: bad, since: bad })),
      ['cleanup', '--endpoint', 'weather', '--yes'],
    ],
    ['a damaged lock', (bad: string) => lock(bad), ['cleanup', '--endpoint', 'weather', '--yes']],
  ] as [string, (bad: string) => void, string[], Record<string, string | undefined>?][])(
    '%s',
    async (_, plant, words, env) => {
      for (const bad of [HOSTILE, ...CI]) {
        plant(`x${bad}`);
        plant(bad);
        const { all } = await written(words, env);
        expectInert(all);
        expect(all).not.toContain('defect of shadowctl');
      }
    },
  );

  test.each([
    ['an image', ['deploy', '--endpoint', 'w', '--image', 'BAD', '--artifact', ARTIFACT_009, '--plan']],
    ['an endpoint', ['status', '--endpoint', 'BAD']],
    ['a file', ['policy', 'explain', '--policy', 'BAD']],
    ['a flag', ['status', '--BAD']],
  ])('%s on the command line', async (_, words) => {
    for (const bad of [HOSTILE, ...CI]) expectInert((await written(words.map((word) => word.replace('BAD', bad)))).all);
  });

  test('JSON escapes it', async () => {
    yaml(`endpoints: { ${JSON.stringify(`${HOSTILE}${CI.join('')}`)}: {} }\n`);
    const { all } = await written(['config', 'show', '--format', 'json']);
    expectInert(all);
    expect((JSON.parse(all) as { endpoints: string[] }).endpoints).toEqual([`${HOSTILE}${CI.join('')}`]);
  });
});

test('a cell of a spreadsheet is no formula, and is read back as it was', () => {
  for (const bad of ["=cmd|' /C calc'!A0", '+1+1|x', '-2+3+cmd|x', '@SUM(A1)', '\t=1', '\r=1'])
    expect(spreadsheetCell(bad)).toMatch(/^"?'/);
  for (const good of ['-1.5', '+3', '-1,2,-3e5', 'a', '4711', "'x'"]) expect(withoutGuard(good)).toBe(good);
  expect(spreadsheetCell('-1.5')).toBe('-1.5');
  const [row] = labelRows(`inferenceId,label,input\n${spreadsheetCell('=cmd|x')},sun,1\n`);
  expect(row?.values).toMatchObject({ inferenceId: '=cmd|x', label: 'sun' });
});

describe('files', () => {
  const GOOD = [
    'deploy',
    '--endpoint',
    'weather',
    '--artifact',
    ARTIFACT_009,
    '--algorithm',
    'linear-learner',
    '--yes',
  ];

  test('of the state are for this user alone, and not for git', async () => {
    expect(await written([...GOOD, '--no-wait'])).toMatchObject({ code: 0 });
    const state = join(world.root, '.shadowctl');
    for (const name of readdirSync(state, { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(join(state, name));
      expect((mode & 0o077).toString(8), name).toBe('0');
    }
    expect(readFileSync(join(state, '.gitignore'), 'utf8')).toMatch(/^\*$/m);
  });

  test('that others could read are taken from them', async () => {
    await written([...GOOD, '--no-wait']);
    const file = join(world.root, '.shadowctl/000000000000/us-east-1/weather.jsonl');
    chmodSync(file, 0o644);
    await written(['cleanup', '--endpoint', 'weather', '--yes']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each(['000000000000', '000000000000/us-east-1', '000000000000/us-east-1/weather.jsonl'])(
    'a link at .shadowctl/%s leads nowhere',
    async (at) => {
      const outside = join(world.root, 'outside');
      const link = join(world.root, '.shadowctl', at);
      mkdirSync(join(link, '..'), { recursive: true });
      if (at.endsWith('.jsonl')) writeFileSync(outside, '');
      else mkdirSync(outside);
      symlinkSync(outside, link);
      const { code, all } = await written(GOOD);
      expect(code).toBe(2);
      expect(all).toContain('is a link');
      expect(at.endsWith('.jsonl') ? readFileSync(outside, 'utf8') : readdirSync(outside).join()).toBe('');
    },
  );

  test('the log of the emulator is no link to another file', async () => {
    const victim = join(world.root, 'victim');
    writeFileSync(victim, 'mine\n');
    const dir = join(world.root, '.shadowctl/emulator');
    mkdirSync(dir, { recursive: true });
    symlinkSync(victim, join(dir, 'emulator.log'));
    await expect(spawnEmulator(dir, {})).rejects.toMatchObject({ message: expect.stringContaining('is a link') });
    expect(readFileSync(victim, 'utf8')).toBe('mine\n');
  });

  test('.shadowctl itself may be a link to a folder of the own', async () => {
    mkdirSync(join(world.root, 'own'));
    symlinkSync(join(world.root, 'own'), join(world.root, '.shadowctl'));
    makePrivateFolder(join(world.root, '.shadowctl'));
    expect(await written([...GOOD, '--no-wait'])).toMatchObject({ code: 0 });
    expect(readdirSync(join(world.root, 'own'))).toContain('000000000000');
  });

  test('a .shadowctl that leads to a folder that is not there is told as that', async () => {
    symlinkSync(join(world.root, 'gone'), join(world.root, '.shadowctl'));
    const { code, all } = await written(GOOD);
    expect({ code, all }).toMatchObject({ code: 2, all: expect.stringContaining('there is no such folder') });
  });

  test.skipIf(process.getuid?.() !== 0)(
    'of somebody else in a folder of everybody are not used (only root can try it)',
    async () => {
      chmodSync(world.root, 0o1777);
      yaml('state: s3://evil/x\nnotify: https://evil.example\n');
      chownSync(join(world.root, 'shadowctl.yaml'), 12345, 12345);
      expect(await written(['config', 'show'])).toMatchObject({
        code: 2,
        all: expect.stringContaining('somebody else'),
      });
      expect(await written(['config', 'show', '--config', 'shadowctl.yaml'])).toMatchObject({ code: 0 });
      yaml('');
      chownSync(join(world.root, 'shadowctl.yaml'), 0, 0);
      mkdirSync(join(world.root, '.shadowctl'));
      chownSync(join(world.root, '.shadowctl'), 12345, 12345);
      expect(await written(['config', 'show'])).toMatchObject({ code: 2, all: expect.stringContaining('.shadowctl') });
      // Whose a link is counts, not whose it leads to: it may lead to a file of one's own that is meant for elsewhere.
      rmSync(join(world.root, '.shadowctl'), { recursive: true });
      renameSync(join(world.root, 'shadowctl.yaml'), join(world.root, 'mine.yaml'));
      symlinkSync(join(world.root, 'mine.yaml'), join(world.root, 'shadowctl.yaml'));
      expect(await written(['config', 'show'])).toMatchObject({ code: 0 });
      lchownSync(join(world.root, 'shadowctl.yaml'), 12345, 12345);
      expect(await written(['config', 'show'])).toMatchObject({
        code: 2,
        all: expect.stringContaining('somebody else'),
      });
      // Only there: a checkout of another user in a folder of its own is used, as CI in containers does.
      chmodSync(world.root, 0o755);
      expect(await written(['config', 'show'])).toMatchObject({ code: 0 });
    },
  );
});

describe('secrets', () => {
  const SECRET = 'tops3cr3t-value';
  const WITH = (env: string) => [
    'deploy',
    '--endpoint',
    'weather',
    '--artifact',
    ARTIFACT_009,
    '--algorithm',
    'linear-learner',
    '--yes',
    '--container-env',
    env,
  ];

  function everywhere(): string {
    const all: string[] = [];
    for (const name of readdirSync(world.root, { recursive: true, encoding: 'utf8' })) {
      const path = join(world.root, name);
      if (statSync(path).isFile()) all.push(readFileSync(path, 'utf8'));
    }
    return all.join('\n');
  }

  test.each([
    ['a name that AWS refuses', `bad-key=${SECRET}`],
    ['a value that AWS refuses', `KEY=${SECRET}${'x'.repeat(2000)}`],
    ['no name', SECRET],
    ['a good one', `KEY=${SECRET}`],
    ['an empty name', `=${SECRET}`],
  ])('a value of --container-env (%s) is in no output, plan, JSON, error or file', async (_, env) => {
    const runs = [
      await written(WITH(env)),
      await written([...WITH(env).filter((word) => word !== '--yes'), '--plan']),
      await written([...WITH(env).filter((word) => word !== '--yes'), '--plan', '--format', 'json']),
      await written(['status', '--format', 'json']),
      await written(['history', '--endpoint', 'weather', '--format', 'json']),
    ];
    for (const { all } of runs) expect(all).not.toContain(SECRET);
    expect(everywhere()).not.toContain(SECRET);
  });

  test('credentials are in no file and no output', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEKEY', AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: `${SECRET}2` };
    const good = WITH('A=b');
    for (const words of [
      [...good, '--no-wait'],
      ['status', '--debug'],
      ['config', 'show'],
      ['status', '--endpoint', 'x', '--debug'],
    ]) {
      const { all } = await written(words, env);
      expect(all).not.toContain(SECRET);
    }
    expect(everywhere()).not.toContain(SECRET);
  });
});

function yaml(content: string): void {
  writeFileSync(join(world.root, 'shadowctl.yaml'), content);
}

function inState(name: string, content: string): void {
  const folder = join(world.root, '.shadowctl/000000000000/us-east-1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), content);
}

function journal(content: string): void {
  inState('weather.jsonl', content);
}

function lock(content: string): void {
  if (!existsSync(join(world.root, '.shadowctl/000000000000/us-east-1/weather.jsonl'))) journal('');
  inState('weather.jsonl.lock', content);
}
