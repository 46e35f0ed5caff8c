import { expect, test } from 'vitest';
import { REFUSALS } from '../../src/analysis/answers/kinds/comparisons.ts';
import { KINDS } from '../../src/analysis/answers/kinds/table.ts';
import { shapeOf } from '../../src/analysis/answers/shapes/table.ts';
import { GOLDEN } from '../analysis/answers/golden.ts';
import { read } from './pages.ts';

const page = read('docs/answers.md');

test('the page has a line for every documented answer, with its kind and its source', () => {
  const lines = GOLDEN.map(
    ({ of, kind, shape, source, unconfirmed }) =>
      `| ${of} | \`${kind}\` | ${source ?? shapeOf(shape).source}${unconfirmed === true ? ' (unconfirmed)' : ''} |`,
  );
  expect(lines.filter((line) => !page.includes(line))).toEqual([]);
});

test('the page has a line for every kind, with what is compared', () => {
  const lines = KINDS.map(({ name, title, compared }) => `| \`${name}\` | ${title} | ${compared} |`);
  expect(lines.filter((line) => !page.includes(line))).toEqual([]);
});

test('the page lists every beginning of a refusal', () => {
  expect(REFUSALS.filter((opening) => !page.includes(`\n- ${opening}\n`))).toEqual([]);
});
