import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { wholeCaptures } from '../../../src/analysis/observe/capture-tail.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-tail-'));
afterAll(() => rmSync(folder, { recursive: true }));

const START = Date.UTC(2026, 0, 5, 9);
const MINUTE = 60_000;
const WINDOW = { from: START, to: START + 30 * MINUTE };
const NOW = START + 30.5 * MINUTE;

/** A file of a record every second, up to a minute. */
function file(name: string, minutes: number): string {
  const path = join(folder, name);
  const lines = Array.from({ length: minutes * 60 }, (_, i) =>
    JSON.stringify({ eventMetadata: { inferenceTime: new Date(START + i * 1000).toISOString() } }),
  );
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(lines.join('\n')) : lines.join('\n'));
  return path;
}

test.each([
  ['the shadow lags', 30, 27, 26],
  ['production lags', 27.5, 30, 27],
  ['both are there', 30, 30, 30],
  ['both lag alike', 27, 27, 30],
  ['what has not come after ten minutes is missing', 30, 5, 20],
])('%s', (_, production, shadow, expected) => {
  const files = [[file('a.jsonl', production)], [file('b.jsonl.gz', shadow)]];
  expect((wholeCaptures(WINDOW, files, NOW).to - START) / MINUTE).toBe(expected);
});

test('of a side without records everything is missing, and nothing is late long after', () => {
  const late = file('c.jsonl', 20);
  expect(wholeCaptures(WINDOW, [[file('d.jsonl', 30)], []], NOW)).toEqual(WINDOW);
  expect(wholeCaptures(WINDOW, [[file('d.jsonl', 30)], [late]], NOW + 20 * MINUTE)).toEqual(WINDOW);
});
