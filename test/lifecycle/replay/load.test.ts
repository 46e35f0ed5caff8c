import { expect, test } from 'vitest';
import {
  concurrencyNeeded,
  type LoadLimits,
  loadOutcome,
  loadShots,
  LoadTally,
} from '../../../src/lifecycle/replay/load.ts';
import type { Recording } from '../../../src/lifecycle/replay/recording.ts';
import { Stopper } from '../../../src/lifecycle/replay/stop.ts';
import { Tally } from '../../../src/lifecycle/replay/tally.ts';
import { ended } from '../../../src/mirror/copies.ts';

const STEP = { factor: 1, perSecond: 100 };
const LIMITS: LoadLimits = { latency: { p99: 100 }, errors: 0.01 };

interface Answer {
  ms?: number;
  status?: number;
  lag?: number;
  unsent?: boolean;
}

/** A step of so many requests at a hundred a second, each ending as `of` says. */
function step(n: number, of: (i: number) => Answer, { bound = 1_000, whole = true, limits = LIMITS } = {}) {
  const counted = new LoadTally(limits);
  const tally = new Tally();
  for (let i = 0; i < n; i += 1) {
    const { ms = 10, status = 200, lag = 0, unsent = false } = of(i);
    const end = unsent ? ended('too-slow') : { ...ended('answered'), status, ms, began: 0 };
    const shot = { due: i * 10, end, unsent };
    counted.add(shot);
    tally.add({ ...shot, number: i, id: `${i}`, at: 0, lag, request: undefined as never, answer: undefined });
  }
  return counted.result(STEP, tally.counts(), { bound, whole, ms: n * 10 });
}

const every = (n: number, answer: Answer) => (i: number) => (i % n === 0 ? answer : {});

test('it holds where every bound is within its limit, and no sooner', () => {
  expect(step(1_000, () => ({}))).toMatchObject({ outcome: 'holds', fault: undefined, sentPerSecond: 100 });
  // None of 200 was slow, and one in 100 may be: that many never show it (3 / 0.01).
  expect(step(200, () => ({})).outcome).toBe('not-known');
});

test.each<[string, (i: number) => Answer]>([
  ['one in 20 is slow', every(20, { ms: 101 })],
  ['one in 20 fails, and quickly', every(20, { status: 500, ms: 1 })],
  ['one in 20 is turned away', every(20, { status: 429, ms: 1 })],
  ['one in 20 finds the bound full', every(20, { unsent: true })],
])('it does not hold where %s', (_, of) => {
  expect(step(2_000, of)).toMatchObject({ outcome: 'fails', fault: undefined });
});

test('slowness at the end of a step keeps it from holding: a queue that grows', () => {
  const found = step(3_000, (i) => (i >= 2_980 ? { ms: 500 } : {}));
  expect(found.checks.find(({ what }) => what === 'p99')).toMatchObject({ share: 20 / 3_000 });
  expect(found.outcome).not.toBe('holds');
});

test('failures of one burst count for less than as many apart', () => {
  const high = (of: (i: number) => Answer) =>
    step(6_000, of).checks.find(({ what }) => what === 'errors')?.interval[1] ?? 0;
  const apart = high((i) => (i % 200 === 7 ? { status: 500 } : {}));
  const burst = high((i) => (i >= 1_000 && i < 1_030 ? { status: 500 } : {}));
  expect(apart).toBeLessThan(0.01);
  expect(burst).toBeGreaterThan(0.01);
});

test('a sender that is late knows nothing of slowness, nor of what holds; what the target itself fails is known', () => {
  const late = every(50, { lag: 30 });
  expect(step(2_000, late)).toMatchObject({ outcome: 'not-known', fault: 'sender-behind' });
  expect(step(2_000, (i) => ({ ...late(i), ms: 500 }))).toMatchObject({ outcome: 'not-known', fault: 'sender-behind' });
  expect(step(2_000, (i) => ({ ...late(i), status: 500 }))).toMatchObject({ outcome: 'fails', fault: 'sender-behind' });
});

test('a bound that is less than what the rate needs within its limits says nothing of the target', () => {
  expect(concurrencyNeeded(STEP, LIMITS)).toBe(10);
  expect(step(2_000, every(20, { unsent: true }), { bound: 9 })).toMatchObject({
    outcome: 'not-known',
    fault: 'concurrency',
  });
  expect(step(2_000, every(20, { unsent: true }), { bound: 10 })).toMatchObject({ outcome: 'fails' });
});

test('what was cut short does not hold, and may fail', () => {
  expect(step(1_000, () => ({}), { whole: false })).toMatchObject({ outcome: 'not-known', fault: 'interrupted' });
  expect(step(1_000, () => ({ status: 500 }), { whole: false })).toMatchObject({ outcome: 'fails', fault: undefined });
});

test('all steps together hold only where each was tried and holds', () => {
  const of = (...outcomes: ('holds' | 'fails' | 'not-known')[]) =>
    loadOutcome(
      outcomes.map((outcome) => ({ outcome })),
      2,
    );
  expect(of('holds', 'holds')).toBe('holds');
  expect(of('holds')).toBe('not-known');
  expect(of('holds', 'not-known')).toBe('not-known');
  expect(of('holds', 'fails')).toBe('fails');
  expect(loadOutcome([], 0)).toBe('not-known');
});

/** Requests at these times, of which those from the first of `peak` on are the busiest minute. */
function recordingOf(times: readonly number[], peak: { from: number; requests: number } | undefined): Recording {
  return {
    facts: { requests: times.length, peak },
    at: (i: number) => times[i] ?? Number.NaN,
    firstFrom: (at: number) => times.findIndex((time) => time >= at),
  } as unknown as Recording;
}

test('a step repeats the arrivals of the busiest minute, faster, and goes on through the recording', () => {
  const recording = recordingOf([0, 5_000, 70_000, 80_000, 100_000, 400_000], { from: 70_000, requests: 3 });
  const shots = [...loadShots(recording, { factor: 2, perSecond: 0.1 }, 60_000, 2, false)];
  expect(shots.map(({ due }) => due)).toEqual([0, 5_000, 15_000, 30_000, 35_000, 45_000]);
  expect(shots.map(({ request }) => request)).toEqual([2, 3, 4, 5, 0, 1]);
});

test('a peak that is said is sent evenly', () => {
  const recording = recordingOf([0], undefined);
  expect([...loadShots(recording, { factor: 2, perSecond: 4 }, 1_000, 0, true)].map(({ due }) => due)).toEqual([
    0, 250, 500, 750,
  ]);
});

test('it is stopped by failures beyond chance, also late; by silence; and never by few', () => {
  const stopper = new Stopper(0.05);
  const add = (n: number, status: number | undefined) => {
    for (let i = 0; i < n; i += 1)
      stopper.add({ end: status === undefined ? ended('refused') : { ...ended('answered'), status } });
  };
  add(1_000, 200);
  add(10, 500);
  expect(stopper.reason).toBeUndefined();
  add(30, 500);
  expect(stopper.reason).toBe('errors');
  const silent = new Stopper(undefined);
  for (let i = 0; i < 19; i += 1) silent.add({ end: ended('refused') });
  expect(silent.reason).toBeUndefined();
  silent.add({ end: ended('timeout') });
  expect(silent.reason).toBe('silent');
});
