import type { Section, Table } from '../content/section.ts';
import { escapeHtml, htmlTable, proseHtml } from './escape.ts';
import { distributions, matrix, scatter } from './pictures.ts';

/** A section as HTML, under a heading of this level (one deeper where it belongs to the one before). */
export function sectionHtml(section: Section, level = 3): string {
  const tag = `h${section.inner === true ? level + 1 : level}`;
  const { confusion, spread, quotes, remark } = section;
  const tables = section.tables.map(tableHtml);
  return [
    `<${tag}>${escapeHtml(section.title)}</${tag}>`,
    ...section.sentences.map((words) => `<p>${proseHtml(words)}</p>`),
    confusion === undefined ? '' : matrix(confusion),
    tables.length > 1 ? `<div class="beside">${tables.join('')}</div>` : tables.join(''),
    spread === undefined ? '' : `<div class="pictures">${scatter(spread)}${distributions(spread)}</div>`,
    quotes === undefined
      ? ''
      : `<p>${escapeHtml(quotes.title)}:</p><ul>${quotes.lines.map((line) => `<li><code>${escapeHtml(line)}</code></li>`).join('')}</ul>`,
    remark === undefined ? '' : `<p class="quiet">${proseHtml(remark)}</p>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function tableHtml({ caption, columns, rows }: Table): string {
  const right = columns.flatMap((column, i) => (column.number === true ? [i] : []));
  // Long words of callers and models are for reading letter by letter.
  const name = columns.some((column) => (column.words ?? 0) >= 80) ? 'words' : '';
  return htmlTable(
    columns.map((column) => column.title),
    rows,
    right,
    caption,
    name,
  );
}
