import { expect, test } from 'vitest';
import { parseEvent } from '../../src/state/events.ts';
import { factsNamed } from '../../src/state/facts.ts';
import { replay } from '../../src/state/replay.ts';

const at = '2026-01-05T09:00:00.000Z';
const ref = { kind: 'model', name: 'm' };
const ended = { requested: 'c', kind: 'updated', reason: null };
const fact = (name: string, value: unknown) => ({ type: 'fact', run: 'r', name, value, at });

test.each([
  [5, '5 was found where keys with values are expected'],
  [null, 'nothing was found'],
  [{ at }, 'type: is missing'],
  [{ type: 'run', run: 'r', command: 'deploy', by: 'me' }, 'at: is missing'],
  [{ type: 'run', run: 'r', command: 'deploy', by: 'me', at: 'soon' }, 'at: "soon" is not a time'],
  [{ type: 'run', run: 'r', by: 'me', at }, 'command: is missing'],
  [{ type: 'open', version: '1', account: 'a', region: 'r', endpoint: 'e', at }, 'version: "1" is not a number'],
  [
    { type: 'begin', run: 'r', step: 's', action: 'rename', resource: ref, at },
    'action: "rename" is not one of create',
  ],
  [
    { type: 'begin', run: 'r', step: 's', action: 'create', resource: { kind: 'queue', name: 'q' }, at },
    'resource.kind: "queue" is not one of model, endpoint-config',
  ],
  [
    { type: 'begin', run: 'r', step: 's', action: 'create', resource: { kind: 'model', name: '' }, at },
    'resource.name',
  ],
  [{ type: 'end', step: 's', outcome: 'perhaps', at }, 'outcome: "perhaps" is not one of done, refused, absent'],
  [{ type: 'fact', run: 'r', name: 'clean', at }, 'value: is missing'],
  [fact('adopted', { kind: 'endpoint' }), 'in the fact "adopted", name: is missing'],
  [fact('update-ended', { ...ended, startedAt: 'noon' }), 'startedAt: "noon" is not a number'],
  [fact('noise-floor', { model: 'm', window: {}, pairs: 1 }), 'window.from: is missing'],
  [fact('update-aborted', { requested: 'c', at: 1, alarm: {} }), 'alarm: {} is not the input of PutMetricAlarm'],
])('%j is told: %s', (line, wrong) => {
  expect(parseEvent(line)).toEqual({ wrong: expect.stringContaining(wrong) });
});

test('an ending as version 0.1 wrote it for a plain update is read, without the fields it lacks', () => {
  const parsed = parseEvent(fact('update-ended', ended));
  expect(parsed).toEqual({ event: { type: 'fact', run: 'r', name: 'update-ended', value: ended, at } });
});

test('a noise floor with a number that JSON cannot hold is none, and does no damage', () => {
  const labels = { differing: 1, n: 10, factor: 1 };
  const numbers = { beyond: 1, n: 10, factor: 1, tolerance: Number.NaN, mae: Number.POSITIVE_INFINITY };
  const value = { model: 'm', window: { from: 0, to: 1 }, pairs: 10, labels, numbers };
  const line: unknown = JSON.parse(JSON.stringify(fact('noise-floor', value)));
  expect(parseEvent(line)).toMatchObject({ event: { value: { labels, numbers: undefined } } });
});

test('a fact and an event of a newer version mean nothing, and what stands beside them counts', () => {
  const lines = [fact('weather-report', { sunny: true }), { type: 'lease', at }, fact('update-ended', ended)];
  const events = lines.map((line) => {
    const parsed = parseEvent(line);
    if ('wrong' in parsed) throw new Error(parsed.wrong);
    return parsed.event;
  });
  expect(events.map((event) => event.type)).toEqual(['unknown', 'unknown', 'fact']);
  const state = replay(events);
  expect(factsNamed(state.facts, 'update-ended')).toMatchObject([{ value: { kind: 'updated' } }]);
  expect(state.facts).toHaveLength(1);
});

test('no name of a method is the name of a fact or an event', () => {
  expect(parseEvent(fact('constructor', {}))).toMatchObject({ event: { type: 'unknown' } });
  expect(parseEvent({ type: 'toString', at })).toMatchObject({ event: { type: 'unknown' } });
});
