import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { ask, openModel } from '../mirror/rig.ts';
import { capturedIo } from '../support/io.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const shadowctl = (cwd: string, ...argv: string[]) => answering([], { cwd }, ...argv);

/** Somebody sits at the terminal. */
async function answering(answers: string[], { cwd, signal }: { cwd: string; signal?: AbortSignal }, ...argv: string[]) {
  const io = capturedIo(answers);
  const code = await run(argv, {
    clock: systemClock,
    env: {},
    cwd,
    signal: signal ?? new AbortController().signal,
    io: () => io,
  });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

/** A mirror that runs until the test has ended, or `stop` is called. */
async function mirror(cwd: string, ...flags: string[]) {
  const io = capturedIo();
  const ended = run(['mirror', '--listen', '0', '--records', 'records', ...flags], {
    clock: systemClock,
    env: {},
    cwd,
    signal: new AbortController().signal,
    io: () => io,
  });
  let over = false;
  void ended.then(() => (over = true));
  while (io.errLines.length === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(over, io.errLines.join('\n')).toBe(false);
  const stop = async () => {
    if (over) return;
    await shadowctl(cwd, 'mirror', 'stop', '--mirror', 'records');
    await ended;
  };
  open.push({ close: stop });
  const {
    port,
    live,
    division,
    ended: shadowsEnded,
  } = JSON.parse(io.errLines[0] ?? '') as {
    port: number;
    live: string;
    division: unknown;
    ended: string[];
  };
  const post = async () =>
    (await ask(undefined, port, { method: 'POST', path: '/invocations', headers: {} }, '{}')).body;
  return { port, live, division, shadowsEnded, post, stop };
}

async function sides() {
  const cwd = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  open.push({ close: () => rmSync(cwd, { recursive: true, force: true }) });
  const [live, candidate] = [
    await openModel((_, res) => res.end('live')),
    await openModel((_, res) => res.end('candidate')),
  ];
  open.push(live, candidate);
  return { cwd, live, candidate, flags: ['--live', live.url, '--shadow', `c=${candidate.url}`] };
}

test('a mirror is named by its folder for every command; what was decided last serves after a restart', async () => {
  const { cwd, live, candidate, flags } = await sides();
  const first = await mirror(cwd, ...flags, '--canary', '100%');
  expect(first.division).toMatchObject({ shadow: 'c', share: 1 });
  expect(await first.post()).toBe('candidate');
  const status = JSON.parse((await shadowctl(cwd, 'status', '--mirror', 'records', '--format', 'json')).out);
  expect(status).toMatchObject({ running: true, live: live.url, division: { shadow: 'c', share: 1 } });

  expect(await shadowctl(cwd, 'undo', '--mirror', 'records', '--plan')).toMatchObject({ code: 4 });
  expect(await shadowctl(cwd, 'undo', '--mirror', 'records', '--yes')).toMatchObject({ code: 0 });
  expect(await first.post()).toBe('live');
  expect(await shadowctl(cwd, 'undo', '--mirror', 'records', '--yes')).toMatchObject({ code: 2 });
  const report = await shadowctl(cwd, 'report', '--mirror', 'records', '--format', 'json');
  expect({ code: report.code, live: JSON.parse(report.out).observations.production.model }).toEqual({
    code: 3,
    live: live.url,
  });
  expect(await shadowctl(cwd, 'promote', '--mirror', 'records', '--yes')).toMatchObject({ code: 3 });
  await first.stop();

  // The flags are the same, and what was decided since counts.
  const second = await mirror(cwd, ...flags, '--canary', '100%');
  expect(await second.post()).toBe('live');
  expect(await shadowctl(cwd, 'keep', '--mirror', 'records', '--yes', '--reason', 'slow')).toMatchObject({ code: 0 });
  const history = JSON.parse((await shadowctl(cwd, 'history', '--mirror', 'records', '--format', 'json')).out);
  expect(history).toMatchObject([
    { what: 'divided', share: 1 },
    { what: 'returned', command: 'undo' },
    { what: 'kept', reason: 'slow' },
  ]);
  const listed = JSON.parse((await shadowctl(cwd, 'ls', '--mirrors', '--format', 'json')).out);
  expect(listed.mirrors).toMatchObject([{ mirror: 'records', running: true, shadows: [] }]);
  await second.stop();
  // What was ended gets nothing from the same flags, and the start says so.
  const third = await mirror(cwd, ...flags);
  expect(third.shadowsEnded).toEqual(['c']);
  await third.stop();
  expect((await shadowctl(cwd, 'status', '--mirror', 'records')).out).toContain('not running');
  expect((await shadowctl(cwd, 'undo', '--mirror', 'records', '--yes')).code).toBe(2);
  expect(candidate.seen.length).toBeGreaterThan(0);
});

test('what was answered and never mirrored, since its path was not named, is said', async () => {
  const { cwd, flags } = await sides();
  const { port } = await mirror(cwd, ...flags);
  for (let i = 0; i < 3; i += 1)
    await ask(undefined, port, { method: 'POST', path: '/predict?key=secret', headers: {} }, '{}');
  const { out } = await shadowctl(cwd, 'status', '--mirror', 'records');
  expect(out.replace(/\s+/g, ' ')).toContain(
    '! not mirrored: 3 POSTs to paths that the mirror was not told of: /predict (3). --path',
  );
  const json = JSON.parse((await shadowctl(cwd, 'status', '--mirror', 'records', '--format', 'json')).out) as object;
  expect(json).toMatchObject({ counted: { unmirrored: { requests: 3, paths: { '/predict': 3 } } } });
  const { err } = await shadowctl(cwd, 'report', '--mirror', 'records');
  expect(err.replace(/\s+/g, ' ')).toContain('not mirrored: 3 POSTs');
});

test('undo takes a rollout back while it runs, whoever holds the lock; no question needs AWS', async () => {
  const { cwd, flags, live } = await sides();
  const { post } = await mirror(cwd, ...flags);
  const status = async () =>
    JSON.parse((await shadowctl(cwd, 'status', '--mirror', 'records', '--format', 'json')).out);
  const stop = new AbortController();
  const steps = ['--steps', '50%,100%', '--bake', '1h'];
  const rollout = answering(['y'], { cwd, signal: stop.signal }, 'rollout', '--mirror', 'records', ...steps);
  while ((await status()).rollout?.step === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  const undone = await answering(['y'], { cwd }, 'undo', '--mirror', 'records');
  expect(undone).toMatchObject({ code: 0, err: expect.stringMatching(/Do this\? \[y\/N\]/) });
  const after = await status();
  expect([after.live, after.rollout ?? undefined, after.division ?? undefined]).toEqual([
    live.url,
    undefined,
    undefined,
  ]);
  expect(await post()).toBe('live');
  stop.abort();
  expect((await rollout).code).toBe(130);
  expect((await answering(['n'], { cwd }, 'keep', '--mirror', 'records')).code).toBe(1);
});

test('a promotion that was interrupted goes on with what it began with, wherever --resume is typed', async () => {
  const { cwd, flags } = await sides();
  await mirror(cwd, ...flags);
  const policy = join(cwd, 'policy.yaml');
  writeFileSync(policy, 'minimumBlocks: 4\n');
  const rollout = async () =>
    JSON.parse((await shadowctl(cwd, 'status', '--mirror', 'records', '--format', 'json')).out).rollout;
  const interruptedAt = async (folder: string, ...argv: string[]) => {
    const stop = new AbortController();
    let over = false;
    const running = answering([], { cwd: folder, signal: stop.signal }, ...argv, '--yes').finally(() => (over = true));
    const holds = join(cwd, 'records', 'router.lock');
    while (!over && !((await rollout())?.step === 0 && existsSync(holds)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    return running;
  };
  const judging = ['--policy', 'policy.yaml', '--prediction', '$.price', '--waive', 'latency.mean', '--reason', 'slow'];
  const steps = ['--steps', '100%', '--bake', '3m', '--force'];
  const begun = await interruptedAt(cwd, 'promote', '--mirror', 'records', ...steps, ...judging);
  expect(begun).toMatchObject({ code: 130, err: expect.stringContaining('--resume') });
  expect((await rollout()).judgedBy).toEqual({
    folder: cwd,
    project: null,
    policy: 'policy.yaml',
    prediction: '$.price',
    waive: ['latency.mean'],
    reason: 'slow',
  });
  const elsewhere = join(cwd, 'elsewhere');
  mkdirSync(elsewhere);
  const resume = ['rollout', '--mirror', '../records', '--resume'];
  expect(await interruptedAt(elsewhere, ...resume)).toMatchObject({ code: 130 });
  // What it began with is truly read again, and nothing else is taken.
  rmSync(policy);
  expect(await shadowctl(elsewhere, ...resume, '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('policy.yaml'),
  });
  expect(await shadowctl(elsewhere, ...resume, '--policy', 'other.yaml')).toMatchObject({ code: 2 });
  expect(await shadowctl(cwd, 'rollout', '--mirror', 'records', '--cancel', '--yes')).toMatchObject({ code: 0 });
});

test('a rollout that began without flags goes on, and is watched, by the policy of its own shadowctl.yaml, not of where that is typed', async () => {
  const { cwd, flags } = await sides();
  writeFileSync(join(cwd, 'shadowctl.yaml'), 'policy:\n  minimumBlocks: 4\n');
  await mirror(cwd, ...flags);
  const stop = new AbortController();
  const steps = ['--steps', '100%', '--bake', '3m', '--force', '--yes'];
  const status = async () =>
    JSON.parse((await shadowctl(cwd, 'status', '--mirror', 'records', '--format', 'json')).out).rollout;
  let over = false;
  const running = answering([], { cwd, signal: stop.signal }, 'promote', '--mirror', 'records', ...steps);
  running.finally(() => (over = true)).catch(() => undefined);
  while (!over && (await status())?.step !== 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  expect((await running).code).toBe(130);
  expect((await status()).judgedBy).toEqual({ folder: cwd, project: join(cwd, 'shadowctl.yaml') });
  const elsewhere = join(cwd, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'shadowctl.yaml'), 'policy:\n  inform: [errors]\n');
  const trouble = async (...more: string[]) => {
    const watched = await shadowctl(
      elsewhere,
      'watch',
      '--mirror',
      '../records',
      '--once',
      '--format',
      'json',
      ...more,
    );
    return JSON.parse(watched.out).trouble;
  };
  expect(await trouble()).toBeNull();
  // The file that it began with is read again, and no other in its place.
  rmSync(join(cwd, 'shadowctl.yaml'));
  expect(await shadowctl(elsewhere, 'rollout', '--mirror', '../records', '--resume', '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining(join(cwd, 'shadowctl.yaml')),
  });
  expect(await trouble()).toContain(join(cwd, 'shadowctl.yaml'));
  expect(await trouble('--expect', 'same')).toBeNull();
});

test('watch off a terminal waits for the verdict on one shadow, which must be named where there are several', async () => {
  const { cwd, flags, candidate } = await sides();
  await mirror(cwd, ...flags, '--shadow', `d=${candidate.url}/d`);
  const watch = (...more: string[]) => shadowctl(cwd, 'watch', '--mirror', 'records', ...more);
  expect(await watch()).toMatchObject({ code: 2, err: expect.stringMatching(/--shadow: c, d/) });
  expect(await watch('--format', 'json')).toMatchObject({ code: 2 });
  expect(await watch('--once')).toMatchObject({ code: 0 });
  expect(await watch('--shadow', 'e', '--once')).toMatchObject({ code: 2, err: expect.stringContaining('c, d') });
  expect((await shadowctl(cwd, 'report', '--mirror', 'records', '--shadow', 'c')).err).toContain('--variants');
});

test('one folder is written by one mirror, whatever its socket', async () => {
  const { cwd, flags } = await sides();
  await mirror(cwd, ...flags);
  const second = await shadowctl(cwd, 'mirror', '--listen', '0', '--records', 'records', '--socket', 'other', ...flags);
  expect(second.code).toBe(2);
  expect(second.err).toContain('--records');
});

test.each([
  [['rollout', '--mirror', 'records', '--artifact', 'model.tar.gz'], '--artifact'],
  [['promote', '--endpoint', 'weather', '--steps', '10%,100%'], '--steps'],
  [['undo', '--mirror', 'records', '--to', 'config'], '--to'],
  [['keep'], '--mirror'],
  [['history', '--endpoint', 'weather', '--mirror', 'records'], '--endpoint'],
  [['rollout', '--mirror', 'records', '--resume', '--shadow', 'c'], '--resume'],
  [['ls', '--all', '--mirrors'], '--all'],
  [['mirror', 'status'], '--mirror'],
  [['rollout', '--mirror', '.', '--yes'], '--records'],
])('%j is refused, with what to write', async (argv, flag) => {
  const cwd = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  open.push({ close: () => rmSync(cwd, { recursive: true, force: true }) });
  const { code, err } = await shadowctl(cwd, ...argv);
  expect(code).toBe(2);
  expect(err).toContain(flag);
});

test('watch --mirror shows who answers, what is unreachable and what is missing for a verdict; --once looks once', async () => {
  const { cwd, flags, candidate } = await sides();
  const { post, stop } = await mirror(cwd, ...flags, '--canary', '30%');
  for (let i = 0; i < 20; i += 1) await post();
  await candidate.close();
  const told = await shadowctl(cwd, 'watch', '--mirror', 'records', '--once', '--format', 'json');
  expect(JSON.parse(told.out)).toMatchObject({
    running: true,
    sides: [
      { name: 'live', role: 'live', share: 0.7 },
      { name: 'c', role: 'candidate', share: 0.3 },
    ],
    shadow: 'c',
    rollout: null,
    unreachable: [{ side: 'c', why: 'ECONNREFUSED' }],
  });
  const drawn = (await shadowctl(cwd, 'watch', '--mirror', 'records', '--once')).out.split('\n');
  expect(drawn[0]).toContain('canary: c answers 30 % of the requests');
  expect(drawn.join('\n')).toContain('! c takes no connections: refused');
  await stop();
  // Where nothing goes on any more it ends by itself.
  expect(await shadowctl(cwd, 'watch', '--mirror', 'records')).toMatchObject({
    code: 0,
    out: expect.stringContaining('not running'),
  });
  expect(await shadowctl(cwd, 'watch', '--mirror', 'records', '--endpoint', 'w')).toMatchObject({ code: 2 });
  expect(await shadowctl(cwd, 'watch', '--mirror', '.')).toMatchObject({ code: 2 });
});
