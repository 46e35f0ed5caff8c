/** A row of a file of labels: its values by name, or undefined where the line cannot be read. */
interface LabelRow {
  /** From 1; that of its first line. */
  line: number;
  values: Record<string, string> | undefined;
  /** Why it cannot be read, with how it begins. */
  why?: string;
}

/** Characters of a broken line that are shown. */
const SHOWN = 60;

/** The rows of CSV with a header, JSON Lines, or one JSON list of objects. */
export function labelRows(text: string): Iterable<LabelRow> {
  const start = /\S/.exec(text)?.[0];
  if (start === '[') {
    const list = wholeList(text);
    if (list !== undefined) return list;
  }
  return start === '{' || start === '[' ? jsonLines(text) : csvRows(text);
}

function wholeList(text: string): LabelRow[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Array.isArray(value) ? value.map((one, i) => objectRow(i + 1, one, JSON.stringify(one))) : undefined;
}

function* jsonLines(text: string): Generator<LabelRow> {
  for (const { line, content } of lines(text)) {
    if (content.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      value = undefined;
    }
    // SageMaker's own form has a label for each row of a request (docs, "Ingest Ground Truth labels").
    const labelled = groundTruth(value);
    if (labelled === undefined) yield objectRow(line, value, content);
    else for (const values of labelled) yield { line, values };
  }
}

function objectRow(line: number, value: unknown, content: string): LabelRow {
  const values = membersOf(value);
  return values === undefined
    ? { line, values, why: `not a JSON object: ${content.slice(0, SHOWN)}` }
    : { line, values };
}

function membersOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value).map(([key, one]): [string, string] => [
    key,
    one === null ? '' : typeof one === 'string' ? one : JSON.stringify(one),
  ]);
  return Object.fromEntries(entries);
}

/** `{"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "…"}}`, a label a row. */
function groundTruth(value: unknown): Record<string, string>[] | undefined {
  const { groundTruthData: truth, eventMetadata: event } = (value ?? {}) as {
    groundTruthData?: { data?: unknown; encoding?: unknown };
    eventMetadata?: { eventId?: unknown };
  };
  if (typeof truth?.data !== 'string' || typeof event?.eventId !== 'string') return undefined;
  const data = truth.encoding === 'BASE64' ? Buffer.from(truth.data, 'base64').toString('utf8') : truth.data;
  const labels = data.trim().split(/\r?\n/);
  const id = event.eventId;
  return labels.map((label, i) => ({ inferenceId: labels.length > 1 ? `${id}#${i}` : id, label }));
}

/** Cells may be quoted, and hold separators, doubled quotes and line ends then (RFC 4180). */
function* csvRows(text: string): Generator<LabelRow> {
  let header: string[] | undefined;
  let separator = ',';
  for (let at = 0, line = 1; at < text.length; ) {
    const end = endOfLine(text, at);
    const content = text.slice(at, end).replace(/\r$/, '');
    let next = end + 1;
    let taken = 1;
    if (content.trim() !== '') {
      if (header === undefined) separator = separatorOf(content);
      let cells: string[] | undefined = content.includes('"') ? undefined : content.split(separator);
      if (cells === undefined) {
        const record = quotedRecord(text, at, separator);
        // A quote that is not closed would take in line after line: then only its own line is lost.
        if (record !== undefined && (header === undefined || record.cells.length === header.length)) {
          cells = record.cells;
          taken = text.slice(at, record.end).split('\n').length;
          next = record.end + 1;
        }
      }
      if (header === undefined) header = (cells ?? []).map((name) => name.trim());
      else {
        const values = cells?.length === header.length ? zip(header, cells) : undefined;
        const broken =
          cells === undefined
            ? 'a quote that is not closed'
            : `${cells.length} values under a header of ${header.length}`;
        const why = `${broken}: ${content.slice(0, SHOWN)}`;
        yield values === undefined ? { line, values, why } : { line, values };
      }
    }
    at = next;
    line += taken;
  }
}

function zip(header: readonly string[], cells: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((name, i) => [name, cells[i] ?? '']));
}

/** Spreadsheets of half the world write semicolons. */
function separatorOf(header: string): string {
  if (header.includes(',')) return ',';
  return header.includes(';') ? ';' : header.includes('\t') ? '\t' : ',';
}

/** The cells of a record that begins here, and where its last line ends; undefined where a quote is never closed. */
function quotedRecord(text: string, start: number, separator: string): { cells: string[]; end: number } | undefined {
  const cells: string[] = [];
  for (let at = start; ; ) {
    if (text[at] === '"') {
      let cell = '';
      let from = at + 1;
      for (;;) {
        const quote = text.indexOf('"', from);
        if (quote < 0) return undefined;
        cell += text.slice(from, quote);
        from = quote + 1;
        if (text[from] !== '"') break;
        cell += '"';
        from += 1;
      }
      cells.push(cell);
      at = from;
      if (text[at] === '\r' && text[at + 1] !== separator) at += 1;
    } else {
      const end = endOfLine(text, at);
      const next = text.indexOf(separator, at);
      const stop = next < 0 || next > end ? end : next;
      cells.push(text.slice(at, stop).replace(/\r$/, ''));
      at = stop;
    }
    if (text[at] !== separator) return text[at] === '\n' || at >= text.length ? { cells, end: at } : undefined;
    at += 1;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function* lines(text: string): Generator<{ line: number; content: string }> {
  for (let at = 0, line = 1; at < text.length; line += 1) {
    const end = endOfLine(text, at);
    yield { line, content: text.slice(at, end) };
    at = end + 1;
  }
}
