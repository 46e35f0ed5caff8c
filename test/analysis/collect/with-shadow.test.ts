import { describe, expect, test } from 'vitest';
import { fromShadowOn } from '../../../src/analysis/collect/with-shadow.ts';
import { START, simulate } from '../simulated.ts';

const MINUTE = 60_000;

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
    const { metrics, window, note } = fromShadowOn(seen(3), START + 100_000);
    expect(window).toEqual({ from: START + 4 * MINUTE, to: START + 10 * MINUTE });
    expect(metrics.times).toHaveLength(6);
    expect(metrics.times[0]).toBe(window.from);
    for (const table of [metrics.production, metrics.shadow])
      for (const column of Object.values(table ?? {})) expect(column).toHaveLength(6);
    expect(metrics.shadow?.invocations).toEqual(metrics.production.invocations);
    expect(note).toContain('begins 4 minutes later');
  });

  test('begins with the first request where none came before', () => {
    const { metrics, window } = seen(3);
    const quiet = (column: readonly (number | null)[]) => column.map((n, i) => (i === 0 || i > 2 ? n : null));
    const production = { ...metrics.production, invocations: quiet(metrics.production.invocations) };
    const { times } = fromShadowOn({ metrics: { ...metrics, production }, window }, START + 100_000).metrics;
    expect(times[0]).toBe(START + 3 * MINUTE);
  });

  test('keeps a minute even if it is only part of one', () => {
    expect(fromShadowOn(seen(9), START + 100_000).metrics.times).toEqual([START + 9 * MINUTE]);
  });

  test.each([
    ['the config is older than the window: what is missing is missing', seen(3), START - 1],
    ['nobody knows how old the config is', seen(3), undefined],
    ['it saw requests from the first minute on', seen(0), START + 100_000],
    ['it saw none at all', seen(10), START + 100_000],
    ['nobody asked anything before it came', withoutRequests(seen(3), 3), START + 100_000],
  ])('stays as it is where %s', (_, asked, created) => {
    expect(fromShadowOn(asked, created)).toEqual(asked);
  });
});
