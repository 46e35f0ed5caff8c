import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type ProcessStreams, processIo } from '../../src/ui/io.ts';

/** A terminal, as far as its size goes. */
function terminal(columns: number | undefined) {
  return { isTTY: true, columns, write: () => true };
}

function ioOf(stdout: object, stderr: object, env: Record<string, string> = {}) {
  return processIo({ stdin: {}, stdout, stderr, env } as ProcessStreams, { quiet: false, color: false });
}

test.each([0, Number.NaN, undefined])('a terminal of %s columns is 80 wide, for libraries too', (columns) => {
  const stderr = terminal(columns);
  expect(ioOf(terminal(columns), stderr).columns).toBe(80);
  expect(stderr.columns).toBe(80);
  stderr.columns = 120;
  expect(stderr.columns).toBe(120);
  stderr.columns = 0;
  expect(stderr.columns).toBe(80);
});

test('COLUMNS, then the terminal, then the one of standard error; never below 40', () => {
  expect(ioOf(terminal(100), terminal(90), { COLUMNS: '70' }).columns).toBe(70);
  expect(ioOf(terminal(100), terminal(90), { COLUMNS: '0' }).columns).toBe(100);
  expect(ioOf(terminal(100), terminal(90), { COLUMNS: 'Infinity' }).columns).toBe(100);
  expect(ioOf({ isTTY: false }, terminal(90)).columns).toBe(90);
  expect(ioOf(terminal(10), terminal(10)).columns).toBe(40);
});

const script = spawnSync('script', ['--version'], { encoding: 'utf8' });

/** A program that spins for a moment, on the pty of util-linux's `script` with a size of 0 × 0. */
test.skipIf(script.error !== undefined || !script.stdout.includes('util-linux'))(
  'a spinner on a pty of 0 × 0 turns and ends',
  { timeout: 60_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'pty-test-'));
    try {
      const { PATH = '' } = process.env;
      const source = (path: string) => JSON.stringify(resolve(import.meta.dirname, '../../src', path));
      const entry = join(folder, 'spin.ts');
      writeFileSync(
        entry,
        `import { processIo } from ${source('ui/io.ts')};
import { withProgress } from ${source('ui/progress.ts')};
const io = processIo(process, { quiet: false, color: false });
await withProgress(io, 'waiting for nothing', () => new Promise((resolve) => setTimeout(resolve, 300)));
io.out(\`interactive \${io.interactive}, \${io.columns} columns\`);
`,
      );
      const bundled = join(folder, 'spin.mjs');
      const root = resolve(import.meta.dirname, '../..');
      const build = ['--bundle', '--platform=node', '--format=esm', `--outfile=${bundled}`];
      const banner =
        "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
      const built = spawnSync(join(root, 'node_modules/.bin/esbuild'), [entry, ...build, banner], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH, NODE_PATH: join(root, 'node_modules') },
      });
      expect(built.status, built.stderr).toBe(0);
      const line = `stty cols 0 rows 0; stty size; timeout -s KILL 15 '${process.execPath}' '${bundled}'`;
      const ended = spawnSync('script', ['-qec', line, '/dev/null'], {
        encoding: 'utf8',
        env: { PATH, TERM: 'xterm' },
        input: '',
        timeout: 20_000,
        killSignal: 'SIGKILL',
        maxBuffer: 1 << 20,
      });
      expect(ended.stdout).toContain('0 0\r\n');
      expect(ended.stdout).toContain('waiting for nothing');
      expect(ended.stdout).toContain('interactive true, 80 columns');
      expect(ended.status).toBe(0);
      expect(ended.stdout.length).toBeLessThan(10_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

describe('a question', () => {
  function asked() {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const streams = { stdin, stdout: { isTTY: true }, stderr, env: {} } as unknown as ProcessStreams;
    return { stdin, stderr, io: processIo(streams, { quiet: false, color: false }) };
  }

  test('is answered by a line', async () => {
    const { stdin, io } = asked();
    const answer = io.ask('Do it? ');
    stdin.write(' yes \r');
    expect(await answer).toBe('yes');
    // Nothing of it listens to what is typed later.
    expect(stdin.listenerCount('keypress')).toBe(0);
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('is left by %s, and the terminal begins a new line', async (_, key) => {
    const { stdin, stderr, io } = asked();
    const answer = io.ask('Do it? ');
    stdin.write(key);
    await expect(answer).rejects.toMatchObject({ kind: 'interrupted' });
    expect(String(stderr.read())).toMatch(/\n$/);
  });

  test('is left by an interrupt, before or while it is asked', async () => {
    const interrupt = new AbortController();
    const answer = asked().io.ask('Do it? ', interrupt.signal);
    interrupt.abort();
    await expect(answer).rejects.toMatchObject({ kind: 'interrupted' });
    await expect(asked().io.ask('Do it? ', interrupt.signal)).rejects.toMatchObject({ kind: 'interrupted' });
  });
});

test('only a terminal that is watched is drawn over, and its own lines may not do that', () => {
  const tty = () => {
    let all = '';
    return { isTTY: true, write: (text: string) => ((all += text), true), all: () => all };
  };
  const stderr = tty();
  const io = ioOf(tty(), stderr);
  io.rewind?.(0);
  io.err('a\u001b[3A\u001b[J');
  io.rewind?.(2);
  expect(stderr.all()).toBe('a\n\u001b[2A\u001b[J');
  expect(ioOf(tty(), { isTTY: false }).rewind).toBeUndefined();
  expect(ioOf(tty(), tty(), { CI: 'true' }).rewind).toBeUndefined();
});
