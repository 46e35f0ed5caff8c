import { describe, expect, test } from 'vitest';
import type { LiveFacts } from '../../../src/analysis/observe/endpoint.ts';
import { type KnownRun, firstKept, sinceCounted, sinceWhen } from '../../../src/analysis/observe/whose.ts';
import { wholeTail } from '../../../src/analysis/observe/window-of.ts';
import { simulate, START } from '../simulated.ts';

const MINUTE = 60_000;
const LIVE: LiveFacts = {
  config: 'c',
  production: { name: 'AllTraffic' },
  shadow: { name: 'shadow' },
  sampling: 1,
  captures: undefined,
  created: 0,
  born: 0,
  modified: 50 * MINUTE,
  resolved: 12 * MINUTE,
  reweighted: false,
  leaving: undefined,
};
const RUN: KnownRun = { config: 'c', began: 10 * MINUTE, from: 20 * MINUTE, to: undefined, input: undefined };

describe('since when an endpoint has run what it runs', () => {
  test.each<[string, Partial<LiveFacts>, KnownRun[], { earliest: number; known: number }]>([
    ['the journal saw it, and scaling alone moved the last change', {}, [RUN], { earliest: 12, known: 25 }],
    ['the clocks of AWS and of the journal differ', { modified: 23 * MINUTE }, [RUN], { earliest: 12, known: 23 }],
    [
      'images that were resolved later came with another config',
      { resolved: 30 * MINUTE },
      [RUN],
      { earliest: 30, known: 30 },
    ],
    ['nobody says when its images were resolved', { resolved: undefined }, [RUN], { earliest: 10, known: 50 }],
    ['its weights were changed later', { reweighted: true }, [RUN], { earliest: 50, known: 50 }],
    ['the journal knows another config', {}, [{ ...RUN, config: 'x' }], { earliest: 12, known: 50 }],
    ['the journal saw it leave', {}, [{ ...RUN, to: 40 * MINUTE }], { earliest: 12, known: 50 }],
    [
      'an update to another config is under way, which is the last change',
      { leaving: 50 * MINUTE },
      [
        { ...RUN, to: 50 * MINUTE },
        { ...RUN, config: 'x', began: 50 * MINUTE, from: undefined },
      ],
      { earliest: 12, known: 25 },
    ],
    ['nobody waited for it', {}, [{ ...RUN, from: undefined }], { earliest: 12, known: 50 }],
    ['there is no journal', { created: 25 * MINUTE }, [], { earliest: 25, known: 50 }],
  ])('%s', (_, live, runs, expected) => {
    const { earliest, known } = sinceWhen({ ...LIVE, ...live }, runs);
    expect({ earliest: earliest / MINUTE, known: known / MINUTE }).toEqual(expected);
  });

  test('minutes that an update under way mixes do not say that this config has come with it', () => {
    const counts = [{ all: [5, 5, 5, 5], own: [5, 5, 5, 3] }];
    const minutes = [0, 1, 2, 3].map((i) => i * MINUTE);
    const since = { earliest: 0, known: 3.5 * MINUTE };
    expect(sinceCounted(since, minutes, counts, 3.5 * MINUTE, 3.5 * MINUTE)).toBe(0);
    expect(sinceCounted(since, minutes, counts, 3.5 * MINUTE)).toBe(4 * MINUTE);
  });

  const times = [0, 1, 2, 3, 4].map((i) => i * MINUTE);
  const since = { earliest: 30_000, known: 4 * MINUTE };
  test.each<[string, (number | null)[], number | undefined, number]>([
    ['from the minute on that its config answered alone', [null, 1, 5, 5, 5], 5 * MINUTE, 2 * MINUTE],
    ['from the first moment that it can have been there', [5, 5, 5, 5, 5], 5 * MINUTE, since.earliest],
    ['as the endpoint says, where CloudWatch counts no configs', [null, null, null, null, null], 9, since.known],
    ['whatever is not published yet, no config came after the last change', [5, 5, 5, 5, null], 4 * MINUTE, 30_000],
  ])('by its own requests: %s', (_, own, modified, expected) => {
    const counts = [{ all: [5, 5, 5, 5, 5], own }];
    expect(sinceCounted(since, times, counts, modified)).toBe(expected);
  });
});

test('CloudWatch keeps minutes for fifteen days', () => {
  const now = 40 * 24 * 60 * MINUTE;
  expect(firstKept({ to: now - MINUTE }, now)).toBe(25 * 24 * 60 * MINUTE);
  expect(() => firstKept({ to: 25 * 24 * 60 * MINUTE }, now)).toThrow('for 15 days');
});

describe('last minutes of which only one side is there', () => {
  const { metrics, window } = simulate({ minutes: 10, rate: 20, captured: false });
  const without = (side: 'production' | 'shadow', last: number) => {
    const table = metrics[side];
    const invocations = table?.invocations.map((n, i) => (i >= 10 - last ? null : n));
    return { ...metrics, [side]: { ...table, invocations } };
  };
  const now = START + 10 * MINUTE + 30_000;

  test.each(['production', 'shadow'] as const)('are left out (without %s)', (side) => {
    const found = wholeTail(without(side, 2), window, 1, now);
    expect(found.window.to).toBe(window.to - 2 * MINUTE);
    expect(found.metrics.times).toHaveLength(8);
    expect(found.leftOut).toEqual([{ from: window.to - 2 * MINUTE, to: window.to, why: 'half-there' }]);
  });

  test('a shadow that has been silent for longer is silent', () => {
    expect(wholeTail(without('shadow', 5), window, 1, now + 5 * MINUTE).leftOut).toEqual([]);
    expect(wholeTail(without('shadow', 5), window, 1, now).window.to).toBe(window.to - 3 * MINUTE);
  });

  test('of a part of the requests a minute without one is nothing unusual', () => {
    expect(wholeTail(without('shadow', 1), window, 0.1, now).leftOut).toEqual([]);
  });

  test('minutes of which both sides are there stay', () => {
    expect(wholeTail(metrics, window, 1, now)).toEqual({ metrics, window, leftOut: [] });
  });
});
