/** Text from anywhere, made harmless between tags and in quoted attributes. Control characters become visible. */
export function escapeHtml(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      .replace(/'/g, '&#39;')
  );
}

/** A sentence of ours, escaped; no line breaks inside of `1 335` or before `%`. */
export function proseHtml(text: string): string {
  return escapeHtml(text.replace(/(\d) (?=\d{3}(?!\d)|%|ms\b)/g, '$1\u00a0'));
}

/** JSON inside a script element: no sequence in it can end the element or begin a comment. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner))
    .replace(/</g, '\\u003c')
    .replace(/>/g, '\\u003e')
    .replace(/&/g, '\\u0026')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}

/**
 * A table; every cell is text. Columns in `right` are numbers; what runs on in lines is under `name` as a class. The
 * caption names the table, also for those who do not see it.
 */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
  caption: string,
  name = '',
): string {
  const side = (column: number) => (right.includes(column) ? ' class="number"' : '');
  const top = head
    .map((cell, i) => (cell === '' ? '<td></td>' : `<th scope="col"${side(i)}>${escapeHtml(cell)}</th>`))
    .join('');
  const body = rows
    .map((row) => {
      const cells = row.map((cell, i) =>
        i === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td${side(i)}>${escapeHtml(cell)}</td>`,
      );
      return `<tr>${cells.join('')}</tr>`;
    })
    .join('\n');
  const table = `<table${name === '' ? '' : ` class="${name}"`}><caption>${escapeHtml(caption)}</caption>`;
  return scrolling(caption, `${table}<thead><tr>${top}</tr></thead><tbody>${body}</tbody></table>`);
}

/** What may be wider than the page, in a place that scrolls, also by keys. */
export function scrolling(label: string, content: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}">${content}</div>`;
}
