import { endOfText } from './hash.ts';
import { textOf } from './spans.ts';
import type { Span } from './walker.ts';

/** Reads the times of records. Many follow each other with the same one, which is then only compared. */
export class TimestampCache {
  /** Milliseconds since the epoch, of the last time that was read; NaN where it was none. */
  value = Number.NaN;
  #last: Uint8Array = Buffer.alloc(0);

  /** Reads the time that begins here. @returns the place of the quote behind it, or -1 where it is no plain text */
  upToQuote(view: DataView, bytes: Buffer, start: number): number {
    const end = start + this.#last.length;
    if (bytes[end] === 34 && this.#isLast(bytes, start)) return end;
    const quote = endOfText(view, bytes, start);
    if (quote >= 0) this.read(bytes, { start, end: quote, escaped: false });
    return quote;
  }

  /** The time that this string of a record says. */
  read(bytes: Buffer, span: Span): number {
    if (span.start < 0) return Number.NaN;
    if (span.end - span.start === this.#last.length && this.#isLast(bytes, span.start)) return this.value;
    this.#last = Buffer.from(bytes.subarray(span.start, span.end));
    this.value = Date.parse(textOf(bytes, span));
    return this.value;
  }

  #isLast(bytes: Buffer, start: number): boolean {
    const last = this.#last;
    let i = last.length - 1;
    while (i >= 0 && bytes[start + i] === last[i]) i -= 1;
    return i < 0 && last.length > 0;
  }
}
