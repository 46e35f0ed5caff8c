import { expect, test } from 'vitest';
import { liveText } from '../../../src/cli/views/look.ts';

test('a look is drawn over the one before, however its lines are broken by the terminal', () => {
  const written: unknown[] = [];
  const rewind = (rows: number) => void (rows > 0 && written.push(rows));
  const live = liveText({ err: (line) => void written.push(line), rewind, columns: 10 });
  live.clear();
  live.draw('one\ntwo');
  live.draw(`${'x'.repeat(25)}\n\u001b[1mlast\u001b[22m`);
  live.clear();
  live.draw('again');
  expect(written).toEqual(['one\ntwo', 2, `${'x'.repeat(25)}\n\u001b[1mlast\u001b[22m`, 4, 'again']);
});
