import { expect, test } from 'vitest';
import { releaseNoteLines } from '../../../src/cli/views/release.ts';
import type { ReleaseNote } from '../../../src/lifecycle/release/note.ts';

const note = {
  ...{ endpoint: 'weather', release: 'r', source: 's3://b/m.tar.gz', about: 'asked', ask: 2, asks: 'pass' },
  verdict: { outcome: 'pass', summary: 'It holds.', reasons: [] },
  ...{ sides: [], until: Date.UTC(2026, 0, 8, 9), unanswered: 'keep', approvers: [], pageAnswers: true },
  ...{ link: 'https://release.example.com/release/weather/r?token=secret', registry: undefined },
} as ReleaseNote;
const told = (interactive: boolean) =>
  releaseNoteLines({ columns: 400, command: String, interactive } as never, note).join('\n');

test('a link is drawn on a terminal; elsewhere, where anybody may read it, it is said where it is', () => {
  expect(told(true)).toContain('token=secret');
  expect(told(false)).not.toContain('token=secret');
  expect(told(false)).toContain('only in messages');
});
