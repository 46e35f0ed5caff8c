import { describe, expect, test } from 'vitest';
import { fromShadowOn } from '../../../src/analysis/observe/with-shadow.ts';
import { START, simulate } from '../simulated.ts';

const MINUTE = 60_000;
/** A config made within the window. */
const CREATED = { created: START + 100_000, since: undefined };

/** Ten minutes of production, of which the shadow saw those from `first` on. */
function seen(first: number) {
  const { metrics, window } = simulate({ minutes: 10, rate: 20, captured: false });
  const { shadow } = metrics;
  if (shadow === undefined) throw new Error('the simulation has a shadow');
  const invocations = shadow.invocations.map((n, i) => (i < first ? null : n));
  return { metrics: { ...metrics, shadow: { ...shadow, invocations } }, window };
}

/** The same with no requests of production in the first minutes. */
function withoutRequests({ metrics, window }: ReturnType<typeof seen>, minutes: number) {
  const invocations = metrics.production.invocations.map((n, i) => (i < minutes ? null : n));
  return { metrics: { ...metrics, production: { ...metrics.production, invocations } }, window };
}

describe('a window in which the shadow came up', () => {
  test("begins with the shadow's first whole minute, in every column", () => {
    const { metrics, window, note } = fromShadowOn(seen(3), CREATED);
    expect(window).toEqual({ from: START + 4 * MINUTE, to: START + 10 * MINUTE });
    expect(metrics.times).toHaveLength(6);
    expect(metrics.times[0]).toBe(window.from);
    for (const table of [metrics.production, metrics.shadow])
      for (const column of Object.values(table ?? {})) expect(column).toHaveLength(6);
    expect(metrics.shadow?.invocations).toEqual(metrics.production.invocations);
    expect(note).toContain('begins at 09:04 UTC');
  });

  test('begins with the first request where none came before', () => {
    const { metrics, window } = seen(3);
    const quiet = (column: readonly (number | null)[]) => column.map((n, i) => (i === 0 || i > 2 ? n : null));
    const production = { ...metrics.production, invocations: quiet(metrics.production.invocations) };
    const { times } = fromShadowOn({ metrics: { ...metrics, production }, window }, CREATED).metrics;
    expect(times[0]).toBe(START + 3 * MINUTE);
  });

  test('leaves out its first minute even where nothing is left then, and says from when there is something', () => {
    const { metrics, window, note, nothing } = fromShadowOn(seen(9), CREATED);
    expect(nothing).toBe(true);
    expect(window).toEqual({ from: START, to: START + 10 * MINUTE });
    expect(metrics.shadow?.invocations).toEqual(Array.from({ length: 10 }, () => null));
    expect(note).toContain('the first is available from 09:10 UTC on');
  });

  test('leaves out the minute in which the endpoint came into service, wherever the window begins', () => {
    const asked = seen(0);
    const age = { created: START - 3 * MINUTE, since: START + 44_000 };
    expect(fromShadowOn(asked, age).metrics.times[0]).toBe(START + MINUTE);
    expect(fromShadowOn(withoutRequests(seen(3), 3), { created: START, since: START + 3.5 * MINUTE }).window.from).toBe(
      START + 4 * MINUTE,
    );
  });

  test('a first request that was long in coming is no time at which it was not there', () => {
    const age = { created: START + 10_000, since: START + 110_000 };
    expect(fromShadowOn(seen(6), age).window.from).toBe(START + 2 * MINUTE);
  });

  test('a change of weights while the shadow runs takes nothing away', () => {
    const age = { created: START - 60 * MINUTE, since: START + 5.5 * MINUTE };
    expect(fromShadowOn(seen(0), age)).toEqual(seen(0));
  });

  test.each([
    ['the config is older than the window: what is missing is missing', seen(3), START - 1],
    ['nobody knows how old the config is', seen(3), undefined],
    ['it saw requests from the first minute on', seen(0), START + 100_000],
    ['it saw none at all', seen(10), START + 100_000],
    ['nobody asked anything before it came', withoutRequests(seen(3), 3), START + 100_000],
  ])('stays as it is where %s', (_, asked, created) => {
    expect(fromShadowOn(asked, { created, since: undefined })).toEqual(asked);
  });
});
