import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import { compareBy } from '../../../src/analysis/compare/comparator/compare.ts';
import { runComparator } from '../../../src/analysis/compare/comparator/process.ts';
import { encodePair, parseScores } from '../../../src/analysis/compare/comparator/protocol.ts';
import { draw, lotOf, swappedBy } from '../../../src/analysis/compare/comparator/sample.ts';
import { samplePairs } from '../../../src/analysis/compare/memory/sample.ts';
import { isAlive } from '../../../src/base/process-alive.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-comparator-'));
afterAll(() => rmSync(folder, { recursive: true }));

function capture(input: string | undefined, output: string, id = 'a'): Capture {
  const payload = (data: string) => ({ data, encoding: 'JSON' as const, contentType: 'application/json' });
  return {
    inferenceId: id,
    eventId: undefined,
    at: 0,
    input: input === undefined ? undefined : payload(input),
    output: payload(output),
  };
}

describe('what a comparator is told', () => {
  const pair = (swapped: boolean, production: string, shadow: string, input?: string) => ({
    id: 'x',
    at: 0,
    production: capture(input, production),
    shadow: capture(input, shadow),
    swapped,
  });

  test('JSON stands as it was written, on one line; anything else is a text; nothing is null', () => {
    const line = encodePair(7, pair(false, '{\n "n": 12345678901234567890 }\n', '1,2\n3', '[1]'));
    expect(line).toBe('{"id":7,"request":[1],"a":{  "n": 12345678901234567890 },"b":"1,2\\n3"}\n');
    expect(JSON.parse(encodePair(0, pair(false, '1', '2')))).toEqual({ id: 0, request: null, a: 1, b: 2 });
  });

  test('the lot says which answer comes first, and no line says whose it is', () => {
    expect(JSON.parse(encodePair(0, pair(true, '1', '2')))).toEqual({ id: 0, request: null, a: 2, b: 1 });
    const swapped = Array.from({ length: 1000 }, (_, i) => swappedBy(lotOf(String(i), 0))).filter(Boolean).length;
    expect(swapped).toBeGreaterThan(440);
    expect(swapped).toBeLessThan(560);
  });
});

describe('what a comparator may say', () => {
  test('a number, or an object of numbers by name', () => {
    expect(parseScores('0.25', undefined)).toEqual({ comparator: 0.25 });
    expect(parseScores('{"tone":1,"faithful":0}', ['faithful', 'tone'])).toEqual({ tone: 1, faithful: 0 });
  });

  test.each([
    ['', undefined],
    ['NaN', undefined],
    ['1.01', undefined],
    ['-0.1', undefined],
    ['1e999', undefined],
    ['true', undefined],
    ['null', undefined],
    ['[0.5]', undefined],
    ['"0.5"', undefined],
    ['{}', undefined],
    ['{"a":{"b":1}}', undefined],
    ['{"a":null}', undefined],
    ['{"agreement":1}', undefined],
    ['{"a b":1}', undefined],
    ['{"__proto__":1}', undefined],
    ['{"a":1}', ['a', 'b']],
    ['{"a":1,"c":1}', ['a', 'b']],
    ['0.5', ['a']],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`n${i}`, 1]))), undefined],
  ])('%s is wrong', (line, names) => {
    expect(parseScores(line, names)).toEqual(expect.any(String));
  });
});

describe('which pairs it is asked about', () => {
  const pairs = (n: number) =>
    Array.from({ length: n }, (_, i) => {
      const one = { ...capture(undefined, '1', `id-${i}`), at: i };
      return { id: `id-${i}`, production: one, shadow: one };
    });
  const drawn = (n: number, most: number) => samplePairs({ pairs: pairs(n), method: 'inferenceId' }, most);

  test('all, where they are few enough', () => {
    expect(drawn(100, 100)).toMatchObject({ of: 100, halvings: 0 });
    expect(drawn(100, 100).pairs).toHaveLength(100);
  });

  test('never more than were asked for, and of one number of halvings ever the same and more', () => {
    let before = drawn(1, 100);
    for (let n = 2; n < 3000; n += 37) {
      const now = drawn(n, 100);
      const ids = new Set(now.pairs.map(({ id }) => id));
      expect(ids.size).toBeLessThanOrEqual(100);
      expect(now.halvings).toBeGreaterThanOrEqual(before.halvings);
      if (now.halvings === before.halvings) expect(before.pairs.filter(({ id }) => !ids.has(id))).toEqual([]);
      before = now;
    }
    expect(before.halvings).toBeGreaterThan(3);
    expect(before.pairs.length).toBeGreaterThan(30);
  });

  test('the first that is too many is left out, at the boundary too', () => {
    const lots = ['0'.repeat(32), '4'.padEnd(32, '0'), '8'.padEnd(32, '0')];
    expect(draw(lots, 2)).toEqual({ count: 2, halvings: 1 });
    expect(draw(lots, 1)).toEqual({ count: 1, halvings: 2 });
  });
});

test('a later look asks about new pairs only, and equal pairs count as often as they come', async () => {
  const log = join(folder, 'asked');
  const script = `let s='';process.stdin.on('data',(d)=>s+=d).on('end',()=>{const n=s.split('\\n').length-1;require('fs').appendFileSync(process.argv[1],n+' ');process.stdout.write('0.5\\n'.repeat(n))})`;
  const comparator = {
    command: `"${process.execPath}" -e "${script}" "${log}"`,
    folder,
    sample: 100,
    time: 20_000,
    memory: 4e9,
    known: new Map(),
  };
  const pair = (i: number) => ({
    id: `${i}`,
    at: i * 60_000,
    production: capture(`[${i}]`, '1'),
    shadow: capture(`[${i}]`, '2'),
    swapped: false,
  });
  const look = (...inputs: number[]) =>
    compareBy(comparator, { pairs: inputs.map(pair), of: inputs.length, halvings: 0 });
  await look(1, 2, 2);
  const second = await look(1, 2, 2, 3);
  await look(1, 2, 2, 3);
  expect(readFileSync(log, 'utf8')).toBe('2 1 ');
  expect(second.scores[0]).toMatchObject({ name: 'comparator', rows: 4, sum: 2, repeats: { inputs: 3 } });
});

describe('a command', () => {
  const input = Array.from({ length: 3 }, (_, i) => `{"id":${i}}\n`);
  const bounds = { folder: tmpdir(), time: 20_000, memory: 4e9 };
  const node = (script: string) => `"${process.execPath}" -e "${script}"`;
  const echo = "require('readline').createInterface({input:process.stdin}).on('line',()=>console.log(1))";

  async function failure(script: string, changed: Partial<typeof bounds> = {}, signal?: AbortSignal): Promise<string> {
    const error: unknown = await runComparator(
      { command: node(script), ...bounds, ...changed },
      input,
      (line) => (line === '1' ? undefined : 'is not 1'),
      signal,
    ).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }

  test('gives a line for each', async () => {
    const taken: string[] = [];
    await runComparator({ command: node(echo), ...bounds }, input, (line) => void taken.push(line));
    expect(taken).toEqual(['1', '1', '1']);
  });

  test.each([
    [
      'a crash',
      "process.stderr.write('first\\nno such model\\n');console.log(1);process.exit(3)",
      /exit code 3 after 1 of 3 lines.*first \| no such model/,
    ],
    ['lines that are missing', 'console.log(1);console.log(1)', /ended after 2 of 3 lines/],
    ['lines too many', 'for(let i=0;i<4;i++)console.log(1)', /more lines than the 3 it was asked for/],
    ['a wrong line', "console.log(1);console.log('oops')", /gave line 2, "oops", which is not 1/],
    [
      'a line without end',
      "for(let i=0;i<100;i++)process.stdout.write('1'.repeat(10000))",
      /a line of more than 65\.5 kB/,
    ],
  ])('%s is no result', async (_, script, said) => {
    expect(await failure(script)).toMatch(said);
  });

  test('that never ends is ended, with all that it started', async () => {
    const pids: number[] = [];
    const script =
      "const c=require('child_process').spawn(process.execPath,['-e','setInterval(()=>{},1000)']);console.log(c.pid);setInterval(()=>{},1000)";
    await expect(
      runComparator({ command: node(script), ...bounds, time: 1500 }, input, (line) => void pids.push(Number(line))),
    ).rejects.toThrow(/was not done after .*: it had given 1 of 3 lines/);
    expect(pids).toHaveLength(1);
    // A signal is sent at once, and the system takes its time to end what it hits.
    await vi.waitFor(() => expect(isAlive(pids[0] as number)).toBe(false), { timeout: 5000 });
  });

  const stays = (stdio: string) =>
    `const c=require('child_process').spawn(process.execPath,['-e','setInterval(()=>{},1000)'],{detached:true,stdio:'${stdio}'});c.unref();for(let i=0;i<3;i++)console.log(c.pid)`;

  test.runIf(process.platform === 'linux').each(['inherit', 'ignore'])(
    'that leaves a process in a session of its own ends with it (its output: %s)',
    async (stdio) => {
      const pids: number[] = [];
      await runComparator({ command: node(stays(stdio)), ...bounds }, input, (line) => void pids.push(Number(line)));
      expect(pids).toHaveLength(3);
      await vi.waitFor(() => expect(isAlive(pids[0] as number)).toBe(false), { timeout: 5000 });
    },
  );

  test.skipIf(process.platform === 'win32')('ends where its caller is killed', async () => {
    const how = { command: node('console.log(process.pid);setInterval(()=>{},1000)'), ...bounds };
    const caller = join(folder, 'caller.mjs');
    buildSync({
      stdin: {
        contents: `import { runComparator } from './src/analysis/compare/comparator/process.ts';
          await runComparator(${JSON.stringify(how)}, ['1\\n', '2\\n'], (line) => void console.log(line));`,
        resolveDir: resolve(import.meta.dirname, '../../..'),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: caller,
      logLevel: 'error',
    });
    const child = spawn(process.execPath, [caller], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((done) => child.stdout.once('data', (said) => done(Number(String(said)))));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5000 });
  });

  test.runIf(process.platform === 'linux')('that takes too much memory is ended', async () => {
    expect(await failure('const b=Buffer.alloc(3e8,1);setInterval(()=>b[0],1000)', { memory: 2e8 })).toMatch(
      /of memory, and 200\.0 MB are allowed/,
    );
  });

  test('ends with the signal of its caller', async () => {
    const stop = new AbortController();
    const running = failure('setInterval(()=>{},1000)', {}, stop.signal);
    stop.abort(new Error('stopped'));
    expect(await running).toBe('Error: stopped');
  });
});
