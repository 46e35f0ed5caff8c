import { expect, test } from 'vitest';
import { liveText } from '../../../src/cli/views/look.ts';

test('a look is drawn over the one before, however its lines are broken by the terminal', () => {
  const written: unknown[] = [];
  const live = liveText({ err: (line) => void written.push(line), columns: 10 });
  live.clear();
  live.draw('one\ntwo');
  live.draw(`${'x'.repeat(25)}\n\u001b[1mlast\u001b[22m`);
  live.clear();
  live.draw('again');
  expect(written).toEqual([
    'one\ntwo',
    `\u001b[2A\u001b[J${'x'.repeat(25)}\n\u001b[1mlast\u001b[22m`,
    '\u001b[4A\u001b[J\u001b[1A',
    'again',
  ]);
});
