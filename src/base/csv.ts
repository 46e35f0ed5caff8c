/**
 * Splits one line of CSV into its fields as they stand there, quotation marks included, so that joining them with
 * commas gives the line again. Undefined where a quotation mark is never closed.
 */
export function splitCsv(line: string): string[] | undefined {
  const fields: string[] = [];
  let quoted = false;
  let start = 0;
  const text = line.trim();
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '"') quoted = !quoted;
    else if (text[index] === ',' && !quoted) {
      fields.push(text.slice(start, index));
      start = index + 1;
    }
  }
  if (quoted) return undefined;
  return [...fields, text.slice(start)];
}

/** The values of fields: trimmed, quotation marks undone. */
export function csvColumns(fields: readonly string[]): string[] {
  return fields.map((field) => {
    const text = field.trim();
    return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
  });
}

/** A line without a single number is taken for a header: no model of numbers could answer it. */
export function isHeader(fields: readonly string[]): boolean {
  const values = csvColumns(fields);
  return values.some((value) => value !== '') && values.every((value) => value === '' || Number.isNaN(Number(value)));
}
