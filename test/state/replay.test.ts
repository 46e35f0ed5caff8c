import { expect, test } from 'vitest';
import { existing, ownRuns, replay, trackedResource, withFound } from '../../src/state/replay.ts';
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

const NAMES = (events: readonly JournalEvent[]) => replay(recorded([...events])).resources.map(({ ref }) => ref.name);
const created = [begin('1', 'create', 'model', 'm', 'r-1', { a: 1 }), end('1', 'done')];
const adopted: JournalEvent = { type: 'fact', run: 'r-9', name: 'adopted', value: { kind: 'model', name: 'm' } };
const clean: JournalEvent = { type: 'fact', run: 'r-1', name: 'clean', value: {} };

/** How a resource comes to each state before the next event. */
const BEFORE = {
  nothing: [],
  unknown: [begin('1', 'create', 'model', 'm')],
  exists: created,
  absent: [begin('1', 'create', 'model', 'm'), end('1', 'absent')],
  deleted: [...created, begin('2', 'delete', 'model', 'm'), end('2', 'done')],
  adopted: [adopted],
} satisfies Record<string, JournalEvent[]>;

type Before = keyof typeof BEFORE;
type Outcome = StepOutcome | 'open';

/** Before, then this action with this outcome: what is there after it. */
test.each<[Before, 'create' | 'update' | 'delete', Outcome, string | undefined]>([
  ['nothing', 'create', 'open', 'unknown'],
  ['nothing', 'create', 'done', 'exists'],
  ['nothing', 'create', 'refused', 'absent'],
  ['nothing', 'create', 'absent', 'absent'],
  // What was never created here is not ours by being updated or deleted.
  ['nothing', 'update', 'done', undefined],
  ['nothing', 'delete', 'done', undefined],
  ['nothing', 'delete', 'absent', undefined],
  ['unknown', 'create', 'open', 'unknown'],
  ['unknown', 'create', 'done', 'exists'],
  ['unknown', 'create', 'refused', 'absent'],
  ['unknown', 'update', 'done', 'unknown'],
  ['unknown', 'update', 'refused', 'unknown'],
  ['unknown', 'delete', 'refused', 'unknown'],
  ['unknown', 'delete', 'done', 'deleted'],
  ['exists', 'create', 'open', 'exists'],
  ['exists', 'create', 'done', 'exists'],
  ['exists', 'create', 'refused', 'exists'],
  ['exists', 'create', 'absent', 'exists'],
  ['exists', 'update', 'open', 'exists'],
  ['exists', 'update', 'done', 'exists'],
  ['exists', 'update', 'refused', 'exists'],
  ['exists', 'update', 'absent', 'exists'],
  ['exists', 'delete', 'open', 'exists'],
  ['exists', 'delete', 'done', 'deleted'],
  ['exists', 'delete', 'refused', 'exists'],
  ['exists', 'delete', 'absent', 'deleted'],
  ['absent', 'create', 'open', 'unknown'],
  ['absent', 'create', 'done', 'exists'],
  ['absent', 'create', 'refused', 'absent'],
  ['absent', 'update', 'done', 'absent'],
  ['absent', 'delete', 'refused', 'absent'],
  ['deleted', 'create', 'open', 'unknown'],
  ['deleted', 'create', 'done', 'exists'],
  ['deleted', 'create', 'refused', 'absent'],
  ['deleted', 'update', 'done', 'deleted'],
  ['deleted', 'delete', 'refused', 'deleted'],
  ['adopted', 'create', 'refused', 'exists'],
  ['adopted', 'update', 'done', 'exists'],
  ['adopted', 'delete', 'done', 'deleted'],
])('%s, then %s ends %s: %s', (before, action, outcome, expected) => {
  const next = begin('9', action, 'model', 'm', 'r-2', { b: 2 });
  expect(stateOf([...BEFORE[before], next, ...(outcome === 'open' ? [] : [end('9', outcome)])])).toBe(expected);
});

test('what exists is of the run that created it, with its input; a put that AWS accepts takes it over', () => {
  const m = { kind: 'model', name: 'm' } as const;
  const tracked = (events: JournalEvent[]) => trackedResource(replay(recorded(events)), m);
  expect(tracked(created)).toEqual({ ref: m, state: 'exists', adopted: false, run: 'r-1', input: { a: 1 }, at });
  const again = begin('2', 'create', 'model', 'm', 'r-2', { b: 2 });
  expect(tracked([...created, again])).toMatchObject({ run: 'r-1', input: { a: 1 } });
  expect(tracked([...created, again, end('2', 'refused')])).toMatchObject({ run: 'r-1', input: { a: 1 } });
  expect(tracked([...created, again, end('2', 'done')])).toMatchObject({ run: 'r-2', input: { b: 2 } });
  const { input: _, ...bare } = begin('2', 'create', 'model', 'm', 'r-2') as Extract<JournalEvent, { type: 'begin' }>;
  expect(tracked([...created, bare, end('2', 'done')])).toMatchObject({ run: 'r-2', input: { a: 1 } });
  expect(tracked([again])).toMatchObject({ state: 'unknown', run: 'r-2', input: { b: 2 } });
  expect(tracked([bare])).toMatchObject({ state: 'unknown', input: {} });
  // An update and a deletion say nothing about who created it.
  expect(tracked([...created, begin('2', 'update', 'model', 'm', 'r-2', { b: 2 }), end('2', 'done')])).toMatchObject({
    run: 'r-1',
    input: { a: 1 },
  });
});

test('an adopted resource is of the run that adopted it; it is not adopted once it was made anew', () => {
  const m = { kind: 'model', name: 'm' } as const;
  const tracked = (events: JournalEvent[]) => trackedResource(replay(recorded(events)), m);
  expect(tracked([adopted])).toEqual({ ref: m, state: 'exists', adopted: true, run: 'r-9', input: {}, at });
  const deleted = [adopted, begin('2', 'delete', 'model', 'm'), end('2', 'done')];
  expect(tracked([...deleted, begin('3', 'create', 'model', 'm'), end('3', 'done')])).toMatchObject({
    state: 'exists',
    adopted: false,
  });
});

test('a name begun again counts from then; kinds have names of their own', () => {
  const both = [...created, begin('2', 'create', 'model', 'n'), end('2', 'done')];
  expect(NAMES(both)).toEqual(['m', 'n']);
  expect(NAMES([...both, begin('3', 'delete', 'model', 'm'), end('3', 'done')])).toEqual(['m', 'n']);
  expect(
    NAMES([...both, begin('3', 'delete', 'model', 'm'), end('3', 'done'), begin('4', 'create', 'model', 'm')]),
  ).toEqual(['n', 'm']);
  expect(stateOf([begin('1', 'create', 'alarm', 'm'), end('1', 'done')])).toBeUndefined();
});

test('what exists or may exist, of all kinds or of one', () => {
  const state = replay(
    recorded([
      begin('1', 'create', 'model', 'stands'),
      end('1', 'done'),
      begin('2', 'create', 'model', 'perhaps'),
      begin('3', 'create', 'model', 'refused'),
      end('3', 'refused'),
      begin('4', 'create', 'model', 'deleted'),
      end('4', 'done'),
      begin('5', 'delete', 'model', 'deleted'),
      end('5', 'done'),
      begin('6', 'create', 'alarm', 'rings'),
      end('6', 'done'),
    ]),
  );
  const names = (kind?: ResourceKind) => existing(state, kind).map(({ ref }) => ref.name);
  expect(names()).toEqual(['stands', 'perhaps', 'rings']);
  expect(names('model')).toEqual(['stands', 'perhaps']);
  expect(names('alarm')).toEqual(['rings']);
  expect(names('endpoint')).toEqual([]);
});

test('runs, in order, with who and when', () => {
  const run: JournalEvent = { type: 'run', run: 'r-1', command: 'deploy', by: 'me' };
  expect(replay(recorded([run, { ...run, run: 'r-2' }])).runs).toEqual([
    { run: 'r-1', command: 'deploy', by: 'me', at, acted: false },
    { run: 'r-2', command: 'deploy', by: 'me', at, acted: false },
  ]);
});

test.each<[string, JournalEvent[], boolean]>([
  ['nothing', [], true],
  ['a run that did nothing', [{ type: 'run', run: 'r-1', command: 'deploy', by: 'me' }], true],
  ['a fact that is no resource', [{ type: 'fact', run: 'r', name: 'alarm-restored', value: { alarm: 'a' } }], true],
  ['a step begun', [begin('1', 'create', 'model', 'm')], false],
  ['a step done', created, false],
  ['something adopted', [adopted], false],
  ['a cleanup', [...created, clean], true],
  ['a step after a cleanup', [clean, begin('1', 'delete', 'model', 'm')], false],
  ['something adopted after a cleanup', [...created, clean, adopted], false],
])('clean after %s: %s', (_, events, expected) => {
  expect(replay(recorded(events)).clean).toBe(expected);
});

test('a cleanup ends a lifetime: configs begin anew, and facts stay', () => {
  const takes = (step: string, config: string) => [
    begin(step, 'update', 'endpoint', 'e', `run of ${config}`, { EndpointConfigName: config }),
    end(step, 'done'),
  ];
  const state = replay(recorded([clean, ...takes('1', 'a'), ...takes('2', 'b'), clean, clean, ...takes('3', 'c')]));
  expect(state.configs).toEqual([{ config: 'c', run: 'run of c', at }]);
  expect(state.lifetimes.map((life) => life.map(({ config }) => config))).toEqual([['a', 'b'], ['c']]);
  expect(state.facts).toHaveLength(3);
  const ended = replay(recorded([...takes('1', 'a'), clean]));
  expect(ended.configs).toEqual([]);
  expect(ended.lifetimes.map((life) => life.map(({ config }) => config))).toEqual([['a']]);
  expect(replay([]).lifetimes).toEqual([]);
});

test('only an endpoint runs a config, and only where one is named', () => {
  const state = replay(
    recorded([
      begin('1', 'create', 'endpoint-config', 'a', 'r-1', { EndpointConfigName: 'a' }),
      end('1', 'done'),
      begin('2', 'update', 'endpoint', 'e', 'r-1', { EndpointConfigName: 5 }),
      end('2', 'done'),
      { type: 'begin', run: 'r-1', step: '3', action: 'delete', resource: { kind: 'endpoint', name: 'e' } },
      end('3', 'done'),
      // Not known to this journal, and accepted all the same.
      begin('4', 'create', 'endpoint', 'e', 'r-2', { EndpointConfigName: 'b' }),
      end('4', 'absent'),
      begin('5', 'update', 'endpoint', 'of-somebody-else', 'r-2', { EndpointConfigName: 'b' }),
      end('5', 'refused'),
    ]),
  );
  expect(state.configs).toEqual([]);
});

test('a step that ended twice counts once, and what a newer version wrote means nothing', () => {
  const state = replay([
    ...recorded([...created, end('1', 'refused')]),
    { type: 'unknown', content: { type: 'lease' }, at },
    { type: 'open', version: 1, account: 'a', region: 'r', endpoint: 'e', at },
  ]);
  expect(state).toMatchObject({ open: [], facts: [], runs: [], resources: [{ state: 'exists' }] });
});

test('what tags told stands as of their run, but what the journal has counts; runs are those of both', () => {
  const state = replay(recorded([begin('1', 'create', 'model', 'm', 'r-1'), end('1', 'done'), clean]));
  expect(withFound(state, [], at)).toMatchObject({ clean: true });
  const found = withFound(state, [{ kind: 'model', name: 'n', run: 'r-9' }], at);
  expect(found).toMatchObject({ clean: false });
  expect(trackedResource(found, { kind: 'model', name: 'n' })).toMatchObject({
    state: 'exists',
    run: 'r-9',
    adopted: false,
    at,
  });
  const own = replay(recorded([{ type: 'run', run: 'r-1', command: 'deploy', by: 'me' }, ...created]));
  expect(ownRuns(withFound(own, [{ kind: 'model', name: 'm', run: 'r-9' }], at))).toEqual(['r-1']);
  expect(ownRuns(withFound(own, [{ kind: 'model', name: 'n', run: 'r-9' }], at))).toEqual(['r-1', 'r-9']);
});
