import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './pages.ts';

const PAGE = join(ROOT, 'docs/reliability.md');

interface Results {
  date: string;
  passed: number;
  failed: number;
  seconds: number;
  files: Record<string, number>;
  /** Written since every command is struck. */
  struck?: Record<string, number>;
}

/** What `npm run matrix` counted when it last ran whole. */
function counts(): string {
  const { date, passed, failed, files, struck } = JSON.parse(
    readFileSync(join(ROOT, 'test/results/matrix.json'), 'utf8'),
  ) as Results;
  const strikes = Object.entries(struck ?? {}).map(([how, count]) => `${count} × ${how}`);
  return [
    `The run of ${date}: ${passed} checks passed, ${failed} failed.${strikes.length === 0 ? '' : ` Commands were struck: ${strikes.join(', ')}.`}`,
    '',
    '| file | checks |',
    '|---|---|',
    ...Object.keys(files)
      .toSorted()
      .map((file) => `| \`${file}\` | ${files[file]} |`),
  ].join('\n');
}

test('the counts of docs/reliability.md are those of the last whole run; else run with UPDATE_README=1', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = ['<!-- counts: begin -->\n', '<!-- counts: end -->'];
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)];
  const wanted = `\n${counts()}\n\n`;
  if (process.env.UPDATE_README === '1') writeFileSync(PAGE, page.slice(0, from) + wanted + page.slice(to));
  else expect(page.slice(from, to)).toBe(wanted);
});
