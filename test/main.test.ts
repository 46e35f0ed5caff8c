import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from '../src/base/clock.ts';
import { run } from '../src/main.ts';
import { COMMANDS } from '../src/overview.ts';
import { capturedIo } from './support/io.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'main-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Nothing to find: no credentials, no config files, no metadata service. */
const BARE = {
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
};

async function shadowctl(argv: string[], env: Record<string, string> = {}, signal = new AbortController().signal) {
  const io = capturedIo();
  const code = await run(argv, { clock: systemClock, env, cwd: root, signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

/** The built program, as a shell calls it. */
function built(
  argv: string[],
  env: Record<string, string> = {},
  cwd = root,
  folder = resolve(import.meta.dirname, '..'),
) {
  const bin = join(folder, 'bin', 'shadowctl.js');
  const ended = spawnSync(process.execPath, [bin, ...argv], {
    encoding: 'utf8',
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

test('--version', async () => {
  expect(await shadowctl(['--version'])).toEqual({ code: 0, out: packageJson.version, err: '' });
});

test.each([[[]], [['--help']], [['help']]])('%j shows every command and the exit codes', async (argv) => {
  const { code, out, err } = await shadowctl(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const word of ['demo', 'deploy', 'canary', 'shadow', 'report', 'cleanup', 'emulator', '130 interrupted'])
    expect(out).toContain(word);
  expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
});

test.each([[[]], [['--help']], [['help']], [['-h']], [['--version']], [['-V']]])(
  'the built program answers %j as the parser does, without loading it',
  async (argv) => {
    const packageFolder = join(root, 'start-only');
    await cp(resolve(import.meta.dirname, '..', 'bin'), join(packageFolder, 'bin'), { recursive: true });
    await cp(resolve(import.meta.dirname, '..', 'dist/start.cjs'), join(packageFolder, 'dist/start.cjs'));
    const { code, out, err } = built(argv, { COLUMNS: '100' }, root, packageFolder);
    const io = { ...capturedIo(), columns: 100 };
    await run(argv, { clock: systemClock, env: {}, cwd: root, signal: new AbortController().signal, io: () => io });
    expect({ code, out, err }).toEqual({ code: 0, out: `${io.outLines.join('\n')}\n`, err: '' });
  },
);

test('every command that is listed can be loaded, under its name', async () => {
  for (const { name, summary } of COMMANDS) {
    const { code, out } = await shadowctl([name, '--help']);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(out).toContain(`Usage: shadowctl ${name} `);
    // The page breaks lines where it must.
    expect(out.replaceAll(/\s+/g, ' ')).toContain(summary);
  }
});

test('a folder for compiled code that cannot be written is no error', async () => {
  const file = join(root, 'not-a-folder');
  await writeFile(file, '');
  for (const XDG_CACHE_HOME of [file, '/proc', 'relative'])
    expect(built(['policy', 'explain', '--help'], { XDG_CACHE_HOME })).toMatchObject({ code: 0, err: '' });
  expect(await readdir(root)).not.toContain('relative');
});

test.each([
  [['depoly'], "error: Unknown command 'depoly'.", '  Did you mean deploy?'],
  [['depoly', '--help'], "error: Unknown command 'depoly'.", '  Did you mean deploy?'],
  [['status', '--endpiont', 'x'], "error: Unknown option '--endpiont'.", '  Did you mean --endpoint?'],
  [['status', '--endpoint', 'x', 'more'], "error: Unexpected word 'more'", '--help'],
  [['canary', '--endpont', 'x'], "error: Unknown option '--endpont'.", '  Did you mean --endpoint?'],
  [['invoke', '--file', 'x'], "error: Unknown option '--file'.", '  Did you mean --data?'],
  [['invoke', '--payload=x'], "error: Unknown option '--payload=x'.", '  Did you mean --data?'],
  [['replay', '--file', 'x'], "error: Unknown option '--file'.", '  Did you mean --from?'],
  [['deploy', '--file', 'x'], "error: Unknown option '--file'.", '  Did you mean --artifact?'],
  [['report', '--shadow', 'x'], "error: Unknown option '--shadow'.", '  Did you mean --variants live,NAME?'],
  [['report', '--file', 'x'], "error: Unknown option '--file'.", '  Did you mean --files?'],
  [['shadow', 'detach', '--fromat', 'x'], "error: Unknown option '--fromat'.", '  Did you mean --format?'],
  [['status', '--regoin', 'x'], "error: Unknown option '--regoin'.", '  Did you mean --region?'],
  [['state', 'show', '--file', 'x'], "error: Unknown option '--file'.", '--help'],
  [['shadow', 'atach', '--endpoint', 'x'], "error: Unknown command 'shadow atach'.", '  Did you mean shadow detach?'],
  [['shadow', 'detach', 'x'], "error: Unexpected word 'x': shadowctl shadow detach takes options only.", '--help'],
  [['deploy'], "error: Required option '--endpoint", '--help'],
  [['report', '--endpoint', 'x', '--format', 'xml'], 'error: --format: "xml" is not known.', 'Known: text, json'],
])('wrong words %j are named, on standard error, with 2', async (argv, what, next) => {
  const { code, out, err } = await shadowctl(argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(what);
  expect(err).toContain(next);
});

test.each([
  ['history', '--file'],
  ['status', '--there-never-was'],
  ['undo', '-Z'],
])('%s %s: where no flag is near none is named', async (command, flag) => {
  const { code, err } = await shadowctl([command, flag]);
  expect(code).toBe(2);
  expect(err).not.toContain('Did you mean');
});

test('without a region the error says how to give one', async () => {
  const { code, out, err } = built(['status', '--endpoint', 'x'], BARE);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toBe(
    'error: No AWS region is set.\n  Give --region, set AWS_REGION, or write `region:` into shadowctl.yaml.\n  To try shadowctl without an AWS account, add --emulator.\n',
  );
});

test('a profile that does not exist is named, also where no region is known', () => {
  const { code, err } = built(['status', '--endpoint', 'x', '--profile', 'nope'], BARE);
  expect(code).toBe(2);
  expect(err).toContain('There is no AWS profile "nope"');
});

test('without credentials the error names --emulator', () => {
  const { code, out, err } = built(['status', '--endpoint', 'x', '--region', 'eu-west-1'], BARE);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^error: .*credentials/);
  expect(err).toContain('add --emulator');
  expect(err).not.toMatch(/\n\s+at /);
});

test('a region that is none is refused, unless a URL says where to go', async () => {
  const said = await shadowctl(['status', '--endpoint', 'x', '--region', 'frankfurt']);
  expect(said.code).toBe(2);
  expect(said.err).toContain('error: "frankfurt" is not the name of an AWS region.');
  // The European Sovereign Cloud.
  const sovereign = await shadowctl(['iam-policy', '--account', '123456789012', '--region', 'eusc-de-east-1']);
  expect(sovereign).toMatchObject({ code: 0 });
  const url = ['--endpoint-url', 'http://127.0.0.1:9'];
  const there = await shadowctl(['status', '--endpoint', 'x', '--region', 'frankfurt', ...url], {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  expect(there.err).toContain('there is no answer at');
});

test('a profile that does not exist is named, with those that do', async () => {
  const config = join(root, 'aws-config');
  await writeFile(config, '[default]\nregion = eu-west-1\n[profile prod]\n[sso-session s]\n');
  const { code, err } = await shadowctl(['status', '--endpoint', 'x', '--region', 'eu-west-1', '--profile', 'p'], {
    ...BARE,
    AWS_CONFIG_FILE: config,
  });
  expect(code).toBe(2);
  expect(err).toBe(
    [
      `error: There is no AWS profile "p": looked in ${config} and /nonexistent/credentials.`,
      '  Known profiles: default, prod.',
      '  To try shadowctl without an AWS account, add --emulator.',
    ].join('\n'),
  );
});

test('an endpoint URL that is none', async () => {
  const { code, err } = await shadowctl(['status', '--endpoint', 'x', '--endpoint-url', 'localhost'], {
    AWS_REGION: 'us-east-1',
  });
  expect(code).toBe(2);
  expect(err).toContain('The endpoint URL "localhost" is not a URL.');
});

test('nobody at the URL', async () => {
  const { code, err } = await shadowctl(['status', '--endpoint', 'x', '--endpoint-url', 'http://127.0.0.1:9'], {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  expect(code).toBe(2);
  expect(err).toContain('there is no answer at http://127.0.0.1:9');
});

test('the built program reads shadowctl.yaml, and names what is wrong in it', async () => {
  const folder = join(root, 'project');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'shadowctl.yaml'), 'region: eu-west-1\nprofile: nobody\n');
  const read = built(['status', '--endpoint', 'x'], BARE, folder);
  expect(read.code).toBe(2);
  expect(read.err).toMatch(
    /^error: There is no AWS profile "nobody": looked in \/nonexistent\/config and .*credentials/,
  );
  await writeFile(join(folder, 'shadowctl.yaml'), 'region: eu-west-1\ntags: [\n');
  const torn = built(['status', '--endpoint', 'x'], BARE, folder);
  expect(torn.code).toBe(2);
  expect(torn.err).toMatch(/shadowctl\.yaml is not valid YAML: .* at line 3/);
});

test('the built program draws tables', () => {
  const { code, out } = built(['policy', 'explain'], BARE);
  expect(code).toBe(0);
  expect(out).toContain('requests');
});

test('a reader that goes away is no error', () => {
  const bin = resolve(import.meta.dirname, '..', 'bin', 'shadowctl.js');
  const ended = spawnSync('bash', ['-c', `set -o pipefail; '${process.execPath}' '${bin}' --help | head -1`], {
    encoding: 'utf8',
  });
  expect({ code: ended.status, out: ended.stdout, err: ended.stderr }).toEqual({
    code: 0,
    out: 'Usage: shadowctl [options] [command]\n',
    err: '',
  });
});
