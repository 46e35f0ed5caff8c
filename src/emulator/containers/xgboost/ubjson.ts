/** Sizes of UBJSON's numbers by mark (https://ubjson.org): big endian, as XGBoost writes them. */
const SIZES: Record<string, number> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };

/** Parses UBJSON with its optimised containers. Throws an Error on anything that is not, or is nested more than 64 deep. */
export function parseUbjson(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let values = 0;
  const take = (size: number) => {
    if (!(size >= 0) || at + size > bytes.length) throw new Error(`UBJSON ends early, at byte ${bytes.length}`);
    at += size;
    return at - size;
  };
  const mark = () => String.fromCharCode(bytes[take(1)] as number);
  const peek = () => String.fromCharCode(bytes[at] ?? 0);

  const value = value_(mark(), 0);
  return value;

  function value_(type: string, depth: number): unknown {
    // A typed array of T costs no byte a value: without a bound a small file could hold any number of them.
    values += 1;
    if (values > bytes.length) throw new Error('UBJSON with more values than bytes');
    if (depth > 64) throw new Error('UBJSON nested more than 64 deep');
    if (type in SIZES) return number(type);
    switch (type) {
      case 'S':
      case 'H':
        return text();
      case 'C':
        return mark();
      case 'T':
        return true;
      case 'F':
        return false;
      case 'Z':
        return null;
      case 'N':
        return value_(mark(), depth + 1);
      case '[':
        return array(depth);
      case '{':
        return dictionary(depth);
      default:
        throw new Error(`UBJSON has no mark ${JSON.stringify(type)} (byte ${at - 1})`);
    }
  }

  function number(type: string): number {
    const start = take(SIZES[type] ?? 0);
    if (type === 'i') return view.getInt8(start);
    if (type === 'U') return view.getUint8(start);
    if (type === 'I') return view.getInt16(start);
    if (type === 'l') return view.getInt32(start);
    if (type === 'L') return Number(view.getBigInt64(start));
    return type === 'd' ? view.getFloat32(start) : view.getFloat64(start);
  }

  function count(): number {
    const type = mark();
    if (!'iUIlL'.includes(type)) throw new Error(`UBJSON has the length mark ${JSON.stringify(type)} (byte ${at - 1})`);
    const size = number(type);
    if (size < 0 || size > bytes.length) throw new Error(`UBJSON has a length of ${size}`);
    return size;
  }

  function text(): string {
    const length = count();
    const start = take(length);
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('utf8');
  }

  /** The optional `$type` and `#count` of a container. */
  function head(): { type: string | undefined; size: number | undefined } {
    let type: string | undefined;
    if (peek() === '$') {
      take(1);
      type = mark();
    }
    if (peek() !== '#') return { type, size: undefined };
    take(1);
    return { type, size: count() };
  }

  function array(depth: number): unknown[] {
    const { type, size } = head();
    const items: unknown[] = [];
    if (size === undefined) {
      while (peek() !== ']') items.push(value_(mark(), depth + 1));
      take(1);
    } else for (let i = 0; i < size; i++) items.push(value_(type ?? mark(), depth + 1));
    return items;
  }

  function dictionary(depth: number): Record<string, unknown> {
    const { type, size } = head();
    const entries: [string, unknown][] = [];
    const entry = () => entries.push([text(), value_(type ?? mark(), depth + 1)]);
    if (size === undefined) {
      while (peek() !== '}') entry();
      take(1);
    } else for (let i = 0; i < size; i++) entry();
    return Object.fromEntries(entries);
  }
}
