import { expect, test } from 'vitest';
import type { RecordedFact } from '../../src/state/facts.ts';
import { configRuns } from '../../src/state/config-runs.ts';
import type { ConfigChange } from '../../src/state/replay.ts';

const at = (minute: number) => new Date(minute * 60_000).toISOString();
const ms = (minute: number) => minute * 60_000;
const change = (config: string, minute: number): ConfigChange => ({ config, run: `r${minute}`, at: at(minute) });
const ended = (requested: string, run: number, minute: number, kind: string): RecordedFact =>
  ({ type: 'fact', name: 'update-ended', run: `r${run}`, at: at(minute), value: { requested, kind } }) as never;

test('the time of an update belongs to neither config, and an ending that nobody saw leaves the start open', () => {
  const runs = configRuns({
    lifetimes: [[change('a', 0), change('b', 20), change('c', 40)]],
    facts: [ended('a', 0, 5, 'created'), ended('b', 20, 24, 'updated')],
    resources: [],
  });
  expect(runs).toMatchObject([
    { config: 'a', began: ms(0), from: ms(5), to: ms(20) },
    { config: 'b', began: ms(20), from: ms(24), to: ms(40) },
    { config: 'c', began: ms(40), from: undefined, to: undefined },
  ]);
});

test('an update that was rolled back parts the run of the config before it in two', () => {
  const runs = configRuns({
    lifetimes: [[change('a', 0), change('b', 20)]],
    facts: [ended('a', 0, 5, 'created'), ended('b', 20, 30, 'rolled-back-by-alarm')],
    resources: [],
  });
  expect(runs.map(({ config, from, to }) => [config, from, to])).toEqual([
    ['a', ms(5), ms(20)],
    ['a', ms(30), undefined],
  ]);
});

test('what ran before a cleanup ended with it', () => {
  const clean = { type: 'fact', name: 'clean', run: 'r50', at: at(50), value: {} } as never;
  const runs = configRuns({
    lifetimes: [[change('a', 0)], [change('a', 60)]],
    facts: [ended('a', 0, 5, 'created'), clean, ended('a', 60, 65, 'created')],
    resources: [],
  });
  expect(runs.map(({ from, to }) => [from, to])).toEqual([
    [ms(5), ms(50)],
    [ms(65), undefined],
  ]);
});
