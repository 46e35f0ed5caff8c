import { hashed, hashWords } from './hash.ts';
import { literal, standsAt } from './literal.ts';
import type { Literal } from './literal.ts';
import { matchTemplate } from './template.ts';
import type { Template } from './template.ts';
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
  inputStart = -1;
  inputEnd = -1;
  inferenceStart = -1;
  inferenceEnd = -1;
  timeStart = -1;
  timeEnd = -1;

  /** The place behind the line, or -1 where it does not fit (the walker must look at it then). */
  match(pattern: LinePattern, bytes: Buffer, view: DataView, start: number): number {
    const { literals, kinds } = pattern;
    this.inferenceStart = -1;
    this.inferenceEnd = -1;
    this.inputStart = -1;
    let at = start;
    for (let i = 0; i < kinds.length; i += 1) {
      const before = literals[i] as Literal;
      if (!standsAt(view, bytes, at, before)) return -1;
      at += before.bytes.length;
      const kind = kinds[i];
      if (kind === INPUT) {
        // An escaped quote is left to the walker.
        this.inputStart = at;
        at = bytes.indexOf(34, at);
        if (at < 0 || bytes[at - 1] === 92) return -1;
        this.inputEnd = at;
      } else if (kind === OUTPUT) {
        at = this.#answer(pattern.templates, bytes, view, at);
        if (at < 0) return -1;
      } else {
        const from = at;
        let c = bytes[at] as number;
        while (c !== 34) {
          if (c === 92 || c < 32) return -1;
          c = bytes[(at += 1)] as number;
        }
        if (kind === INFERENCE) {
          this.inferenceStart = from;
          this.inferenceEnd = at;
        } else if (kind !== EVENT) {
          this.timeStart = from;
          this.timeEnd = at;
        }
      }
    }
    const last = literals[kinds.length] as Literal;
    return standsAt(view, bytes, at, last) ? at + last.bytes.length : -1;
  }

  /** Hashes the line's input without the blanks around it; false where it is more than plain text. */
  hashInput(view: DataView, bytes: Buffer): boolean {
    if (this.inputStart < 0) {
      hashed.fill(0);
      return true;
    }
    let { inputStart, inputEnd } = this;
    while (inputStart < inputEnd && bytes[inputStart] === 32) inputStart += 1;
    while (inputStart < inputEnd && bytes[inputEnd - 1] === 32) inputEnd -= 1;
    return hashWords(view, bytes, inputStart, inputEnd);
  }

  #answer(templates: Template[], bytes: Buffer, view: DataView, start: number): number {
    for (let i = 0; i < templates.length; i += 1) {
      const template = templates[i] as Template;
      const end = matchTemplate(template, bytes, view, start, this.values);
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
