/** One part of a stream. */
export interface Part {
  /** Undefined where it is longer than the bound. */
  bytes: Buffer | undefined;
  /** From 1. */
  number: number;
  /** A separator ends it; false of the last one of a stream that ends without. */
  closed: boolean;
}

/**
 * What stands between separators, part by part. A part that is longer than the bound is passed over, and never held.
 *
 * @param most bytes of a part
 */
export async function* partsOf(chunks: AsyncIterable<Buffer>, separator: Buffer, most: number): AsyncGenerator<Part> {
  let held: Buffer[] = [];
  let size = 0;
  let number = 1;
  /** The last bytes that were seen, which may begin a separator; they lie in `held`, too. */
  let tail: Buffer = Buffer.alloc(0);
  const take = (bytes: Buffer) => {
    size += bytes.length;
    if (size > most + separator.length) held = [];
    else held.push(bytes);
  };
  const part = (closed: boolean): Part => {
    const length = closed ? size - separator.length : size;
    const bytes = length > most ? undefined : Buffer.concat(held).subarray(0, length);
    held = [];
    size = 0;
    tail = Buffer.alloc(0);
    return { bytes, number: number++, closed };
  };
  for await (const chunk of chunks) {
    let rest = chunk;
    for (;;) {
      const joined = tail.length === 0 ? rest : Buffer.concat([tail, rest]);
      const at = joined.indexOf(separator);
      if (at < 0) {
        take(rest);
        tail = joined.subarray(Math.max(0, joined.length - separator.length + 1));
        break;
      }
      const end = at + separator.length - tail.length;
      take(rest.subarray(0, end));
      yield part(true);
      rest = rest.subarray(end);
    }
  }
  if (size > 0) yield part(false);
}
