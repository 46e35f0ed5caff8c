/** One change as it is written to the log: table, key and, unless the record was deleted, its value. */
export type RecordChange = [table: string, key: string, value?: unknown];

/**
 * A batch of changes as one line of JSON: a line is either there or not, so what was set together stays together.
 * Beyond JSON, dates, bytes and the numbers JSON has no word for are kept: `{"$date":ms}`, `{"$bytes":base64}`, `{"$number":"NaN"}`.
 */
export function encodeBatch(changes: readonly RecordChange[]): string {
  return JSON.stringify(encode(changes));
}

/** @throws SyntaxError when the line is not what `encodeBatch` writes */
export function decodeBatch(line: string): RecordChange[] {
  const parsed: unknown = JSON.parse(line);
  const batch = line.includes('"$') ? decode(parsed) : parsed;
  const sound =
    Array.isArray(batch) &&
    batch.every((one) => Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string');
  if (!sound) throw new SyntaxError('not a batch of changes');
  return batch as RecordChange[];
}

/** The value itself where JSON can hold it; a copy with the exceptions replaced where not. */
function encode(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Uint8Array)
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (value instanceof Map || value instanceof Set) throw new TypeError('a record may not hold a Map or a Set');
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i += 1) {
      const inner = encode(value[i]);
      if (inner !== value[i]) (copy ??= [...value])[i] = inner;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  let escape = false;
  for (const [key, member] of Object.entries(value)) {
    if (key.startsWith('$')) escape = true;
    const inner = encode(member);
    if (inner !== member) (copy ??= { ...value })[key] = inner;
  }
  const plain = copy ?? value;
  return escape ? { $object: Object.entries(plain) } : plain;
}

function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  const record = value as Record<string, unknown>;
  if ('$date' in record) return new Date(Number(record.$date ?? Number.NaN));
  if ('$bytes' in record) return new Uint8Array(Buffer.from(String(record.$bytes), 'base64'));
  if ('$number' in record) return Number(record.$number);
  const entries = Array.isArray(record.$object) ? (record.$object as [string, unknown][]) : Object.entries(record);
  return Object.fromEntries(entries.map(([key, inner]) => [key, decode(inner)]));
}
