import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { collectFromFiles } from '../../src/analysis/observe/from-files.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { comparisonBy } from '../../src/analysis/policy/answers.ts';
import { RUNS_FOLDER } from '../../src/analysis/mirrored/run.ts';
import { openModel, openRig, type Rig } from './rig.ts';
import { matrixTest, sampled } from '../support/sizes.ts';
import { quantileMargins } from '../../src/analysis/observe/exceedances.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** Verdicts after minutes; nothing else is different. */
const SOON = readPolicy(
  // A few hundred requests say nothing of the slowest hundredth.
  { blockMinutes: 1, minimumBlocks: 4, minimumPairs: 150, errors: 0.05, inform: ['latency.p90', 'latency.p99'] },
  'test',
);
const MINUTES = 40;
const A_MINUTE = 12;

/** What a shadow does with the i-th request. */
type Doing = 'same' | 'other' | 'hang' | 'fail' | 'garbage' | 'break' | 'huge';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 3));

/** A label for the i-th input, spread over three. */
const label = (i: number) => ['sun', 'rain', 'fog'][(i * 7) % 3] ?? '';

/**
 * Sends requests for some minutes of a clock that stands still but for what the test says: ten milliseconds a request on both
 * sides. What hangs is waited for until its time is over.
 */
async function played(doing: (i: number) => Doing, shadowSettings?: object, minutes = MINUTES): Promise<Rig> {
  let arrived: (() => void) | undefined;
  const live = await openModel((req, res) => {
    const { i } = JSON.parse(req.text) as { i: number };
    const body = JSON.stringify({ predictions: [{ predicted_label: label(i) }] });
    // Both sides have the request before either answers, unless the shadow takes no more.
    const both = new Promise<void>((resolve) => (arrived = resolve));
    void Promise.race([both, ...(shadowSettings === undefined ? [] : [soon()])]).then(() => {
      rig.clock.advance(5 + ((i * 37) % 20));
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    });
  });
  const shadow = await openModel((req, res) => {
    const { i } = JSON.parse(req.text) as { i: number };
    const json = { 'Content-Type': 'application/json' };
    arrived?.();
    const answer = (text: string) =>
      res.writeHead(200, json).end(JSON.stringify({ predictions: [{ predicted_label: text }] }));
    setImmediate(() => {
      switch (doing(i)) {
        case 'same':
          return answer(label(i));
        case 'other':
          return answer(label(i + 1));
        case 'fail':
          return res.writeHead(500).end('no');
        case 'garbage':
          return res.writeHead(200, json).end('<html>');
        case 'break':
          res.writeHead(200, { 'Content-Length': '100' }).write('{');
          return setImmediate(() => res.destroy());
        case 'huge':
          return res.writeHead(200, json).end(`"${'x'.repeat(40_000)}"`);
        default:
          return undefined;
      }
    });
  });
  const rig = await openRig({
    live: live.url,
    bounds: { answer: '20kB', request: '20kB' },
    shadows: { shadow: { url: shadow.url, timeout: '30s', ...shadowSettings } },
  });
  open.push(live, shadow, rig);
  let i = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    let hanging = 0;
    for (let n = 0; n < A_MINUTE; n += 1, i += 1) {
      if (doing(i) === 'hang') hanging += 1;
      await rig.post(JSON.stringify({ i, pad: i }));
      await rig.until(() => (rig.mirror.counted().shadows.get('shadow')?.underWay ?? 0) <= hanging);
    }
    rig.clock.advance(60_000);
    await rig.mirror.tick();
  }
  return rig;
}

async function verdictOf(rig: Rig) {
  await rig.mirror.tick();
  const observations = await collectFromFiles({
    path: rig.records,
    variants: undefined,
    window: undefined,
    comparison: { tolerance: undefined, ...comparisonBy(SOON, undefined), memory: '1GB', spill: rig.folder },
    latency: quantileMargins(SOON),
  });
  const verdict = judge(observations, SOON);
  const gate = (id: string) => verdict?.gates.find((one) => one.id === id);
  return { observations, verdict, gate };
}

test('an equal shadow passes, by answers, failures and latencies of single requests', async () => {
  const { observations, verdict, gate } = await verdictOf(await played(() => 'same'));
  expect(
    verdict?.gates
      .filter(({ gating, outcome }) => gating && outcome !== 'pass')
      .map(({ id, reason }) => `${id}: ${reason}`),
  ).toEqual([]);
  expect(verdict?.outcome).toBe('pass');
  expect(observations.predictions).toMatchObject({ method: 'inferenceId', pairs: MINUTES * A_MINUTE, coverage: 1 });
  expect(gate('errors')).toMatchObject({ outcome: 'pass', n: MINUTES * A_MINUTE });
  expect(gate('latency.p50')?.outcome).toBe('pass');
});

matrixTest('a shadow that answers right what it manages, and is too slow for the rest, never passes', async () => {
  const { observations, verdict, gate } = await verdictOf(await played((i) => (i % 4 === 0 ? 'hang' : 'same')));
  expect(observations.predictions?.pairs).toBeLessThan(MINUTES * A_MINUTE);
  expect(verdict?.outcome).toBe('fail');
  expect(gate('errors')?.outcome).toBe('fail');
  // It is no fewer requests that it is judged by.
  expect(gate('errors')?.n).toBe(MINUTES * A_MINUTE);
  expect(observations.predictions?.missing?.reduce((sum, minute) => sum + minute.empty, 0)).toBe(
    (MINUTES * A_MINUTE) / 4,
  );
});

test('a shadow that takes one copy at a time, so that others wait in vain, does not pass on those it took', async () => {
  const rig = await played((i) => (i % 12 === 0 ? 'hang' : 'same'), { concurrency: 1, queue: 2 });
  const { shadows } = rig.mirror.counted();
  expect(shadows.get('shadow')?.metrics.outcomes['too-slow']).toBeGreaterThan(100);
  const { verdict, gate } = await verdictOf(rig);
  expect(verdict?.outcome).toBe('fail');
  expect(gate('errors')?.n).toBe(MINUTES * A_MINUTE);
});

test.each(sampled<[Doing]>([['fail'], ['garbage'], ['break'], ['huge']], 2))(
  'a shadow whose every fifth answer is of kind "%s" does not pass',
  async (kind) => {
    const { verdict } = await verdictOf(await played((i) => (i % 5 === 0 ? kind : 'same')));
    expect(verdict?.outcome).toBe('fail');
  },
);

test('a shadow that answers every fifth request otherwise does not pass', async () => {
  const { verdict, gate } = await verdictOf(await played((i) => (i % 5 === 0 ? 'other' : 'same')));
  expect(verdict?.outcome).not.toBe('pass');
  expect(gate('errors')?.outcome).toBe('pass');
});

test('a shadow that is down fails', async () => {
  const live = await openModel((_, res) => {
    rig.clock.advance(10);
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"predictions":[{"predicted_label":"sun"}]}');
  });
  const rig = await openRig({ live: live.url, shadows: { shadow: 'http://127.0.0.1:9' } });
  open.push(live, rig);
  for (let minute = 0; minute < MINUTES; minute += 1) {
    for (let n = 0; n < 5; n += 1) expect((await rig.post('{}')).status).toBe(200);
    rig.clock.advance(60_000);
    await rig.mirror.tick();
  }
  await rig.until(() => rig.mirror.counted().shadows.get('shadow')?.metrics.outcomes.refused === MINUTES * 5);
  expect((await verdictOf(rig)).verdict?.outcome).toBe('fail');
});

test('what the mirror itself lost counts for neither side, and lowers the coverage', async () => {
  const rig = await openLossy();
  const { observations, verdict, gate } = await verdictOf(rig);
  // A third of the requests was too large to be kept.
  expect(observations.predictions?.coverage).toBeCloseTo(2 / 3, 2);
  expect(gate('errors')).toMatchObject({ outcome: 'pass', n: (MINUTES * A_MINUTE * 2) / 3 });
  expect(observations.predictions?.missing?.reduce((sum, { empty, absent }) => sum + empty + absent, 0) ?? 0).toBe(0);
  expect(verdict?.outcome).toBe('inconclusive');
});

test('of a mirror that was killed, what is whole counts to the last request once another has followed it', async () => {
  const rig = await played(() => 'same', undefined, 3);
  for (const i of [50, 51]) await rig.post(JSON.stringify({ i, pad: i }));
  await rig.until(() => rig.mirror.counted().shadows.get('shadow')?.underWay === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  rig.clock.advance(5_000);
  const pairs = async () => (await verdictOf(rig)).observations.predictions?.pairs;
  // It may run on, and then the minute is not over.
  expect(await pairs()).toBe(3 * A_MINUTE);
  const [name = ''] = readdirSync(join(rig.records, RUNS_FOLDER));
  const path = join(rig.records, RUNS_FOLDER, name);
  const run = JSON.parse(readFileSync(path, 'utf8'));
  const next = { ...run, run: 'later', from: run.wholeUntil + 1_000, wholeUntil: run.wholeUntil + 1_000 };
  writeFileSync(join(rig.records, RUNS_FOLDER, 'later.json'), JSON.stringify(next));
  expect(await pairs()).toBe(3 * A_MINUTE + 2);
});

async function openLossy(): Promise<Rig> {
  const live = await openModel((_, res) => {
    rig.clock.advance(10);
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"predictions":[{"predicted_label":"sun"}]}');
  });
  const rig = await openRig({ live: live.url, shadows: { shadow: live.url }, bounds: { request: '1kB' } });
  open.push(live, rig);
  for (let minute = 0, i = 0; minute < MINUTES; minute += 1) {
    for (let n = 0; n < A_MINUTE; n += 1, i += 1)
      await rig.post(JSON.stringify({ i, pad: 'x'.repeat(i % 3 === 0 ? 2_000 : 10) }));
    rig.clock.advance(60_000);
    await rig.mirror.tick();
  }
  return rig;
}

test('a mirror that is killed leaves records that say up to when they are whole', async () => {
  const rig = await played((i) => (i >= 10 * A_MINUTE ? 'hang' : 'same'), undefined, 10);
  // Two more requests, whose copies are under way when everything ends.
  for (const i of [10 * A_MINUTE, 10 * A_MINUTE + 1]) await rig.post(JSON.stringify({ i }));
  rig.clock.advance(5_000);
  await rig.mirror.tick();
  // As a killed process leaves it: the last line of a file half written.
  const file = readdirSync(join(rig.records, 'live')).find((name) => name.endsWith('.jsonl')) ?? '';
  const path = join(rig.records, 'live', file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.slice(0, -40));
  const [run = ''] = readdirSync(join(rig.records, RUNS_FOLDER));
  expect(JSON.parse(readFileSync(join(rig.records, RUNS_FOLDER, run), 'utf8'))).toMatchObject({ ended: false });
  const { observations } = await verdictOf(rig);
  expect(observations.predictions).toMatchObject({ pairs: 10 * A_MINUTE, coverage: 1 });
  expect(observations.predictions?.production.unreadable).toBe(0);
  writeFileSync(path, text);
});
