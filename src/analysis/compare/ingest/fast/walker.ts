const QUOTE = 34;
const BACKSLASH = 92;
const key = (text: string) => Buffer.from(text);
const CAPTURE_DATA = key('captureData');
const METADATA = key('eventMetadata');
const INPUT = key('endpointInput');
const OUTPUT = key('endpointOutput');
const DATA = key('data');
const ENCODING = key('encoding');
const TYPE = key('observedContentType');
const EVENT_ID = key('eventId');
const INFERENCE_ID = key('inferenceId');
const TIME = key('inferenceTime');

/** Where a string of a record lies in the buffer, without its quotes; `start` is -1 where there is none. */
export interface Span {
  start: number;
  end: number;
  /** Holds backslashes: the bytes are not yet the text. */
  escaped: boolean;
}

export interface HalfSpans {
  data: Span;
  encoding: Span;
  type: Span;
}

/** What may follow a backslash, but `u`. */
const ESCAPES = Buffer.from('"\\\\/bfnrt');

const span = (): Span => ({ start: -1, end: -1, escaped: false });
const half = (): HalfSpans => ({ data: span(), encoding: span(), type: span() });

/**
 * Walks over the bytes of one capture record and notes where its strings lie, without making any of them: several
 * times faster than JSON.parse. It takes members in any order and white space, and gives up (false) on whatever it
 * does not expect, for JSON.parse to decide. Every line must end with a newline inside the buffer.
 */
export class RecordWalker {
  readonly input = half();
  readonly output = half();
  readonly eventId = span();
  readonly inferenceId = span();
  readonly time = span();
  /** After `read`: the place behind the record. */
  place = 0;
  #bytes: Uint8Array = Buffer.alloc(0);
  readonly #string = span();

  read(bytes: Uint8Array, start: number): boolean {
    this.#bytes = bytes;
    this.place = start;
    this.input.data.start = -1;
    this.input.encoding.start = -1;
    this.input.type.start = -1;
    this.output.data.start = -1;
    this.output.encoding.start = -1;
    this.output.type.start = -1;
    this.eventId.start = -1;
    this.inferenceId.start = -1;
    this.time.start = -1;
    if (!this.#open()) return false;
    let seen = 0;
    do {
      if (!this.#key()) return false;
      if (this.#is(CAPTURE_DATA)) {
        seen |= 1;
        if (!this.#captureData()) return false;
      } else if (this.#is(METADATA)) {
        seen |= 2;
        if (!this.#metadata()) return false;
      } else if (!this.#skip()) return false;
    } while (this.#more());
    return seen === 3 && this.#close();
  }

  #captureData(): boolean {
    if (!this.#open()) return false;
    do {
      if (!this.#key()) return false;
      const into = this.#is(INPUT) ? this.input : this.#is(OUTPUT) ? this.output : undefined;
      if (!(into === undefined ? this.#skip() : this.#half(into))) return false;
    } while (this.#more());
    return this.#close();
  }

  #half(into: HalfSpans): boolean {
    if (!this.#open()) return false;
    do {
      if (!this.#key()) return false;
      const which = this.#is(DATA)
        ? into.data
        : this.#is(ENCODING)
          ? into.encoding
          : this.#is(TYPE)
            ? into.type
            : undefined;
      if (!(which === undefined ? this.#skip() : this.#take(which))) return false;
    } while (this.#more());
    return this.#close();
  }

  #metadata(): boolean {
    if (!this.#open()) return false;
    do {
      if (!this.#key()) return false;
      const which = this.#is(INFERENCE_ID)
        ? this.inferenceId
        : this.#is(EVENT_ID)
          ? this.eventId
          : this.#is(TIME)
            ? this.time
            : undefined;
      if (!(which === undefined ? this.#skip() : this.#take(which))) return false;
    } while (this.#more());
    return this.#close();
  }

  #take(into: Span): boolean {
    if (!this.#text()) return false;
    into.start = this.#string.start;
    into.end = this.#string.end;
    into.escaped = this.#string.escaped;
    return true;
  }

  /** A value nobody asked for: a string, a number or a word; records hold no further objects. */
  #skip(): boolean {
    this.#space();
    if (this.#bytes[this.place] === QUOTE) return this.#text();
    const start = this.place;
    for (;;) {
      const c = this.#bytes[this.place] as number;
      // + - . 0-9 a-z
      if ((c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46) this.place += 1;
      else return this.place > start && isScalar(this.#bytes, start, this.place);
    }
  }

  #key(): boolean {
    if (!this.#text() || this.#string.escaped) return false;
    this.#space();
    if (this.#bytes[this.place] !== 58) return false;
    this.place += 1;
    return true;
  }

  /** A string from here; control characters in it are no JSON. */
  #text(): boolean {
    this.#space();
    const bytes = this.#bytes;
    let at = this.place;
    if (bytes[at] !== QUOTE) return false;
    at += 1;
    this.#string.start = at;
    let escaped = false;
    for (;;) {
      const c = bytes[at] as number;
      if (c === QUOTE) break;
      if (c === BACKSLASH) {
        escaped = true;
        at += 1;
        const escape = bytes[at] as number;
        if (escape === 117 ? !areHex(bytes, at + 1) : !ESCAPES.includes(escape)) return false;
      } else if (c < 32) return false;
      at += 1;
    }
    this.#string.end = at;
    this.#string.escaped = escaped;
    this.place = at + 1;
    return true;
  }

  #is(name: Uint8Array): boolean {
    const { start, end } = this.#string;
    if (end - start !== name.length) return false;
    for (let i = 0; i < name.length; i += 1) if (this.#bytes[start + i] !== name[i]) return false;
    return true;
  }

  #open(): boolean {
    this.#space();
    if (this.#bytes[this.place] !== 123) return false;
    this.place += 1;
    return true;
  }

  #more(): boolean {
    this.#space();
    if (this.#bytes[this.place] !== 44) return false;
    this.place += 1;
    return true;
  }

  #close(): boolean {
    this.#space();
    if (this.#bytes[this.place] !== 125) return false;
    this.place += 1;
    return true;
  }

  #space(): void {
    let c = this.#bytes[this.place];
    while (c === 32 || c === 9 || c === 13) c = this.#bytes[(this.place += 1)];
  }
}

/** The four digits behind `\u`. */
function areHex(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < from + 4; i += 1) {
    const c = bytes[i] as number;
    if (!((c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102))) return false;
  }
  return true;
}

function isScalar(bytes: Uint8Array, start: number, end: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?)$/.test(text);
}
