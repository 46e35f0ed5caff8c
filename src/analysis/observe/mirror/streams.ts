import { count } from '../../../base/units.ts';
import type { RecordFacts } from '../../mirrored/record.ts';
import type { StreamSums } from '../../observations.ts';
import { median } from '../../statistics/distances.ts';

/** Of the chats of one side: when their text came, and how many tokens their server counted. */
export class StreamTable {
  readonly #first: number[] = [];
  readonly #apart: number[] = [];
  readonly #tokens: number[] = [];
  #prompt = 0;
  #answers = 0;

  add({ stream }: RecordFacts): void {
    if (stream === undefined) return;
    this.#answers += 1;
    const { pieces = 0, firstMs, lastMs, promptTokens = 0, completionTokens } = stream;
    if (firstMs !== undefined) this.#first.push(firstMs);
    if (firstMs !== undefined && lastMs !== undefined && pieces > 1)
      this.#apart.push((lastMs - firstMs) / (pieces - 1));
    if (completionTokens !== undefined) this.#tokens.push(completionTokens);
    this.#prompt += promptTokens;
  }

  /** Undefined where no answer was a chat. */
  sums(): StreamSums | undefined {
    if (this.#answers === 0) return undefined;
    return {
      answers: this.#answers,
      timed: this.#first.length,
      firstMs: median(this.#first),
      apartMs: median(this.#apart),
      counted: this.#tokens.length,
      completionTokens: median(this.#tokens),
      promptTokens: this.#prompt,
      allCompletionTokens: this.#tokens.reduce((sum, one) => sum + one, 0),
    };
  }
}

/** What is said of both sides' chats; empty where there are none. */
export function streamNotes(sides: readonly (readonly [name: string, sums: StreamSums | undefined])[]): string[] {
  const said = sides.flatMap(([name, sums]) => (sums === undefined ? [] : [`${name} ${wordsOf(sums)}`]));
  return said.length === 0 ? [] : [`Chats: ${said.join('; ')}. Medians; no gate rests on them.`];
}

function wordsOf({
  timed,
  firstMs,
  apartMs,
  counted,
  completionTokens,
  allCompletionTokens,
  promptTokens,
}: StreamSums): string {
  const parts: string[] = [];
  if (firstMs !== undefined)
    parts.push(
      `began its text after ${milliseconds(firstMs)}${apartMs === undefined ? '' : `, and sent a piece every ${milliseconds(apartMs)}`} (${count(timed)} streams)`,
    );
  if (completionTokens !== undefined)
    parts.push(
      `counted ${count(completionTokens)} tokens an answer, ${count(allCompletionTokens)} in ${count(counted)} answers to ${count(promptTokens)} of requests`,
    );
  return parts.length === 0 ? 'told neither times nor tokens' : parts.join(', ');
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
