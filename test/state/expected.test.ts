import { expect, test } from 'vitest';
import { expected } from '../../src/state/expected.ts';
import type { JournalFact } from '../../src/state/facts.ts';
import type { JournalEvent, Recorded } from '../../src/state/journal.ts';
import { replay } from '../../src/state/replay.ts';

/* What an endpoint should run, as far as its journal knows. */

const time = (minute: number) => new Date(Date.UTC(2026, 0, 5, 9, minute)).toISOString();
const stateOf = (...events: JournalEvent[]) => replay(events.map((event, i): Recorded => ({ ...event, at: time(i) })));
const fact = (one: JournalFact): JournalEvent => ({ type: 'fact', run: 'r-1', ...one });

const runs = (config: string, step = config): JournalEvent[] => [
  {
    ...{ type: 'begin', run: 'r-1', step, action: 'update', resource: { kind: 'endpoint', name: 'e' } },
    input: { EndpointConfigName: config },
  },
  { type: 'end', step, outcome: 'done' },
];
const adopts = (kind: 'endpoint' | 'endpoint-config', name: string) => fact({ name: 'adopted', value: { kind, name } });
const stands = (config: string) => fact({ name: 'stands', value: { config, instances: { v: 2 }, weights: { v: 1 } } });
const SHIFTED = fact({ name: 'shifted', value: { weights: { v: 0.5 } } });

test('nothing is known of an endpoint that was never told anything', () => {
  expect(expected(stateOf())).toBeUndefined();
  expect(expected(stateOf(adopts('endpoint', 'e')))).toBeUndefined();
});

test('what was adopted, until something else is asked for; and what was adopted after that', () => {
  const config = adopts('endpoint-config', 'theirs');
  expect(expected(stateOf(adopts('endpoint', 'e'), config))).toMatchObject({ config: 'theirs', orElse: undefined });
  expect(expected(stateOf(config, ...runs('ours')))).toMatchObject({ config: 'ours' });
  expect(expected(stateOf(...runs('ours'), config))).toMatchObject({ config: 'theirs' });
  expect(expected(stateOf(...runs('ours'), adopts('endpoint', 'e')))).toMatchObject({ config: 'ours' });
});

test('nothing while a step is open', () => {
  const [begun] = runs('c');
  expect(expected(stateOf(...runs('b'), begun as JournalEvent))).toBeUndefined();
});

test('what ran before may run as well, where nobody waited for the end', () => {
  const replaces = fact({ name: 'replaces', value: { requested: 'b', previous: 'a' } });
  expect(expected(stateOf(replaces, ...runs('b')))).toMatchObject({ config: 'b', orElse: 'a' });
  // A config that was adopted in its place has no such past.
  expect(expected(stateOf(replaces, ...runs('b'), adopts('endpoint-config', 'x')))).toMatchObject({
    orElse: undefined,
  });
});

test('how it stood counts for this config, and until requests were divided anew', () => {
  expect(expected(stateOf(...runs('b'), stands('b')))?.stands).toMatchObject({ instances: { v: 2 } });
  expect(expected(stateOf(...runs('b'), stands('a')))?.stands).toBeUndefined();
  expect(expected(stateOf(...runs('b'), stands('b'), SHIFTED))?.stands).toBeUndefined();
  expect(expected(stateOf(...runs('b'), SHIFTED, stands('b')))?.stands).toMatchObject({ weights: { v: 1 } });
});
