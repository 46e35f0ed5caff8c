import { expect, test } from 'vitest';
import { turnsOnObservability } from '../../src/guard/observability.ts';

const now = Date.UTC(2026, 10, 29);
const old = { CreationTime: new Date(Date.UTC(2026, 4, 1)) };

test('only an older config that says nothing is told of, and only since the default is another', () => {
  expect(turnsOnObservability(old, now)).toBe(true);
  expect(turnsOnObservability(old, Date.UTC(2026, 4, 2))).toBe(false);
  expect(turnsOnObservability({ ...old, MetricsConfig: { EnableDetailedObservability: false } }, now)).toBe(false);
  expect(turnsOnObservability({ ...old, MetricsConfig: { EnableEnhancedMetrics: true } }, now)).toBe(true);
  expect(turnsOnObservability({ CreationTime: new Date(Date.UTC(2026, 7, 1)) }, now)).toBe(false);
  expect(turnsOnObservability(undefined, now)).toBe(false);
});
