import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/emulator/world/random.ts';
import { inferenceTime } from '../../../src/emulator/world/capture/record.ts';

test('ids are version 4 UUIDs, made of the digits of the same seed', () => {
  const random = seededRandom(7);
  const digits = seededRandom(7);
  for (let turn = 0; turn < 200; turn += 1) {
    const id = random.uuid();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const plain = id.replaceAll('-', '');
    const hex = digits.hex(32);
    const free = (text: string) => text.slice(0, 12) + text.slice(13, 16) + text.slice(17);
    expect(free(plain)).toBe(free(hex));
  }
});

test('a second of capture is told as it is, whatever came before', () => {
  const at = Date.UTC(2026, 0, 5, 9);
  expect([at, at + 999, at + 1000, at - 1, at].map(inferenceTime)).toEqual([
    '2026-01-05T09:00:00Z',
    '2026-01-05T09:00:00Z',
    '2026-01-05T09:00:01Z',
    '2026-01-05T08:59:59Z',
    '2026-01-05T09:00:00Z',
  ]);
});
