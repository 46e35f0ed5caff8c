import { expect, test } from 'vitest';
import { askedShareOf } from '../../../../src/analysis/compare/warehouse/staging.ts';

const hours = (count: number) => Array.from({ length: count }, (_, hour) => `2026/11/30/${hour}`);

test('inputs are kept of all requests where there are few, and a window that grows keeps the share it had', () => {
  expect(askedShareOf({ requests: 5_664, hours: hours(3) })).toBe(1);
  expect(askedShareOf({ requests: 24 * 32_768, hours: hours(24) })).toBe(1);
  const [day, week] = [1, 7].map((days) => askedShareOf({ requests: days * 24 * 60_000, hours: hours(days * 24) }));
  expect([day, week]).toEqual([1 / 16, 1 / 16]);
  // A thousand requests a second.
  expect(askedShareOf({ requests: 3_600_000, hours: hours(1) })).toBe(1 / 256);
  expect(askedShareOf({ requests: 1, hours: [] })).toBe(1);
});
