import { expect, test } from 'vitest';
import { replay, trackedResource, existing } from '../../src/state/replay.ts';
import type { JournalEvent, Recorded, ResourceKind, StepOutcome } from '../../src/state/journal.ts';

const at = '2026-01-05T09:00:00.000Z';
const recorded = (events: JournalEvent[]): Recorded[] => events.map((event) => ({ ...event, at }));

function begin(
  step: string,
  action: 'create' | 'update' | 'delete',
  kind: ResourceKind,
  name: string,
  run = 'r-1',
  input = {},
): JournalEvent {
  return { type: 'begin', run, step, action, resource: { kind, name }, input };
}
const end = (step: string, outcome: StepOutcome): JournalEvent => ({ type: 'end', step, outcome });
const stateOf = (events: JournalEvent[]) =>
  trackedResource(replay(recorded(events)), { kind: 'model', name: 'm' })?.state;

test.each<[string, JournalEvent[], string | undefined]>([
  ['never begun', [], undefined],
  ['begun and never ended', [begin('1', 'create', 'model', 'm')], 'unknown'],
  ['created', [begin('1', 'create', 'model', 'm'), end('1', 'done')], 'exists'],
  ['refused', [begin('1', 'create', 'model', 'm'), end('1', 'refused')], 'absent'],
  ['looked for and not found', [begin('1', 'create', 'model', 'm'), end('1', 'absent')], 'absent'],
  [
    'deleted',
    [begin('1', 'create', 'model', 'm'), end('1', 'done'), begin('2', 'delete', 'model', 'm'), end('2', 'done')],
    'deleted',
  ],
  [
    'deletion refused',
    [begin('1', 'create', 'model', 'm'), end('1', 'done'), begin('2', 'delete', 'model', 'm'), end('2', 'refused')],
    'exists',
  ],
  [
    'deletion begun',
    [begin('1', 'create', 'model', 'm'), end('1', 'done'), begin('2', 'delete', 'model', 'm')],
    'exists',
  ],
  [
    'created again and refused',
    [begin('1', 'create', 'model', 'm'), end('1', 'done'), begin('2', 'create', 'model', 'm'), end('2', 'refused')],
    'exists',
  ],
  ['an end without a begin', [end('7', 'done')], undefined],
])('%s', (_, events, expected) => {
  expect(stateOf(events)).toBe(expected);
});

test('open steps are those without an end', () => {
  const state = replay(
    recorded([begin('1', 'create', 'model', 'm'), end('1', 'done'), begin('2', 'update', 'endpoint', 'e')]),
  );
  expect(state.open.map((step) => step.step)).toEqual(['2']);
});

test('the configs an endpoint was told to run, as far as AWS accepted', () => {
  const state = replay(
    recorded([
      begin('1', 'create', 'endpoint', 'e', 'r-1', { EndpointConfigName: 'a' }),
      end('1', 'done'),
      begin('2', 'update', 'endpoint', 'e', 'r-2', { EndpointConfigName: 'b' }),
      end('2', 'refused'),
      begin('3', 'update', 'endpoint', 'e', 'r-3', { EndpointConfigName: 'c' }),
      end('3', 'done'),
    ]),
  );
  expect(state.configs.map((change) => change.config)).toEqual(['a', 'c']);
});

test('a clean end forgets everything before it, and only that', () => {
  const state = replay(
    recorded([
      begin('1', 'create', 'model', 'm'),
      end('1', 'done'),
      { type: 'fact', run: 'r-1', name: 'clean', value: {} },
      begin('2', 'create', 'model', 'n'),
      end('2', 'done'),
    ]),
  );
  expect(existing(state).map((tracked) => tracked.ref.name)).toEqual(['n']);
  expect(state.clean).toBe(false);
});

test('what was adopted stands and is marked', () => {
  const state = replay(
    recorded([{ type: 'fact', run: 'r-1', name: 'adopted', value: { kind: 'endpoint', name: 'e' } }]),
  );
  expect(existing(state)).toMatchObject([{ adopted: true, ref: { kind: 'endpoint', name: 'e' } }]);
});
