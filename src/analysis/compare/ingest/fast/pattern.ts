import { endOfText, hashId, hashPlain } from './hash.ts';
import { literal, standsAt } from './literal.ts';
import type { Literal } from './literal.ts';
import type { Scratch } from './scratch.ts';
import { matchTemplate } from './template.ts';
import type { Template } from './template.ts';
import type { TimestampCache } from './timestamp-cache.ts';
import type { RecordWalker, Span } from './walker.ts';

const KINDS = ['input', 'output', 'event', 'inference', 'time'] as const;
const [INPUT, OUTPUT, EVENT, INFERENCE] = [0, 1, 2, 3];

/** A capture line but for its five changing strings: SageMaker writes them all alike. */
export interface LinePattern {
  /** The bytes before each changing string, and those behind the last to the end of the line. */
  literals: readonly Literal[];
  kinds: readonly number[];
  /** How answers of this encoding and content type are built. */
  templates: Template[];
}

/** The pattern of the line that the walker has just read; undefined where it has no answer, or words with backslashes in its ids. */
export function learnPattern(
  bytes: Buffer,
  start: number,
  end: number,
  walker: RecordWalker,
  templates: Template[],
): LinePattern | undefined {
  const all: readonly Span[] = [walker.input.data, walker.output.data, walker.eventId, walker.inferenceId, walker.time];
  const spans = KINDS.map((_, kind) => ({ kind, span: all[kind] as Span })).filter(({ span }) => span.start >= 0);
  spans.sort((a, b) => a.span.start - b.span.start);
  if (walker.output.data.start < 0 || walker.time.start < 0) return undefined;
  let from = start;
  const literals = spans.map(({ span }) => {
    const before = literal(bytes.subarray(from, span.start));
    from = span.end;
    return before;
  });
  return {
    literals: [...literals, literal(bytes.subarray(from, end))],
    kinds: spans.map(({ kind }) => kind),
    templates,
  };
}

/** Tries lines against patterns; what fits is noted here, without anything being made of it. */
export class PatternMatch {
  template: Template | undefined;
  readonly values = new Float64Array(4096);
  /** Hashes of the InferenceId and of the input without the blanks around it, in two halves; zero for none. */
  readonly inference = new Uint32Array(2);
  readonly input = new Uint32Array(2);
  readonly #times: TimestampCache;
  readonly #scratch: Scratch;

  constructor(scratch: Scratch, times: TimestampCache) {
    this.#scratch = scratch;
    this.#times = times;
  }

  /** The place behind the line, or -1 where it does not fit (the walker must look at it then). */
  match(pattern: LinePattern, bytes: Buffer, view: DataView, start: number): number {
    const { literals, kinds } = pattern;
    this.inference.fill(0);
    this.input.fill(0);
    let at = start;
    for (let i = 0; i < kinds.length; i += 1) {
      const before = literals[i] as Literal;
      if (!standsAt(view, bytes, at, before)) return -1;
      at = this.#string(kinds[i] as number, pattern, bytes, view, at + before.bytes.length);
      if (at < 0) return -1;
    }
    const last = literals[kinds.length] as Literal;
    return standsAt(view, bytes, at, last) ? at + last.bytes.length : -1;
  }

  /** The place of the quote behind a changing string, or -1 where it is more than plain text. */
  #string(kind: number, pattern: LinePattern, bytes: Buffer, view: DataView, at: number): number {
    if (kind === INPUT) return this.#input(bytes, view, at);
    if (kind === OUTPUT) return this.#answer(pattern.templates, bytes, view, at);
    if (kind === EVENT) return endOfText(view, bytes, at);
    if (kind !== INFERENCE) return this.#times.upToQuote(view, bytes, at);
    const end = hashId(this.#scratch, bytes, at);
    if (end > at) this.inference.set(this.#scratch.hash);
    return end;
  }

  #input(bytes: Buffer, view: DataView, start: number): number {
    let from = start;
    while (bytes[from] === 32) from += 1;
    const end = hashPlain(this.#scratch, view, bytes, from);
    // With blanks behind it is not the same text.
    if (end < 0 || bytes[end - 1] === 32) return -1;
    this.input.set(this.#scratch.hash);
    return end;
  }

  #answer(templates: Template[], bytes: Buffer, view: DataView, start: number): number {
    for (let i = 0; i < templates.length; i += 1) {
      const template = templates[i] as Template;
      const end = matchTemplate(this.#scratch, template, bytes, view, start, this.values);
      if (end < 0 || bytes[end] !== 34) continue;
      if (i > 0) {
        templates.splice(i, 1);
        templates.unshift(template);
      }
      this.template = template;
      return end;
    }
    return -1;
  }
}
