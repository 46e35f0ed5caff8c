import type { StreamFacts } from '../../analysis/mirrored/record.ts';
import { parsedJson, isObject } from '../../base/json.ts';
import { headerValue, type RawHeaders } from '../headers.ts';

/** When the bytes of an answer came: pairs of how many there were by then, and the moment on the stopwatch. */
export type Arrivals = readonly number[];

/** Of an answer, for what was streamed in it. */
export interface StreamedAnswer {
  /** Without its compression. */
  plain: Buffer;
  headers: RawHeaders;
  arrivals: Arrivals;
  /** The last byte of the request had gone, on the stopwatch. */
  began: number | undefined;
  /** From then to the end, without the time in which a caller took no bytes; undefined where it is not known. */
  ms: number | undefined;
}

/** Room between two clocks' readings of one moment, in milliseconds. */
const SLACK = 1;

/**
 * Pieces of a chat that is streamed as server-sent events, when they came, and the tokens that the server counted. Of an answer that
 * is no stream, the count of tokens alone; undefined where there is neither.
 */
export function streamFacts(answer: StreamedAnswer): StreamFacts | undefined {
  const { plain, headers } = answer;
  const type = headerValue(headers, 'content-type') ?? '';
  if (!/^text\/event-stream\b/i.test(type)) {
    // Looked for first: most answers are no chats, and parsing them costs.
    if (!/json/i.test(type) || plain.indexOf('"usage"') < 0) return undefined;
    const usage = usageOf(parsedJson(plain.toString('utf8')));
    return usage === undefined ? undefined : { pieces: undefined, firstMs: undefined, lastMs: undefined, ...usage };
  }
  const packed = !/^(identity)?$/i.test(headerValue(headers, 'content-encoding')?.trim() ?? '');
  let [pieces, first, last]: [number, number | undefined, number | undefined] = [0, undefined, undefined];
  let usage: Usage | undefined;
  const cameAt = packed ? () => undefined : momentsOf(answer.arrivals);
  for (const { data, end } of eventsOf(plain)) {
    const value = parsedJson(data);
    usage = joined(usage, usageOf(value));
    if (!hasText(value)) continue;
    pieces += 1;
    const moment = cameAt(end);
    first ??= moment;
    last = moment;
  }
  if (pieces === 0 && usage === undefined) return undefined;
  const { began, ms } = answer;
  const times =
    began === undefined || ms === undefined || first === undefined || last === undefined
      ? undefined
      : { firstMs: Math.max(0, first - began), lastMs: Math.max(0, last - began), ms };
  // Later than its end: a caller who took nothing held the stream up, and its times say nothing of the server.
  const own = times !== undefined && times.lastMs <= times.ms + SLACK;
  return {
    pieces,
    firstMs: own ? times.firstMs : undefined,
    lastMs: own ? times.lastMs : undefined,
    promptTokens: usage?.promptTokens,
    completionTokens: usage?.completionTokens,
  };
}

/** Events with the place of their end. */
function* eventsOf(bytes: Buffer): Generator<{ data: string; end: number }> {
  const text = bytes.toString('latin1');
  const breaks = /\r\n\r\n|\n\n|\r\r/g;
  let from = 0;
  for (const found of text.matchAll(breaks)) {
    const end = found.index + found[0].length;
    const lines = bytes.toString('utf8', from, found.index).split(/\r\n|\n|\r/);
    from = end;
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart());
    if (data.length > 0) yield { data: data.join('\n'), end };
  }
}

/** When so many bytes had come: to be asked with rising numbers. */
function momentsOf(arrivals: Arrivals): (bytes: number) => number | undefined {
  let i = 0;
  return (bytes) => {
    while (i < arrivals.length && (arrivals[i] as number) < bytes) i += 2;
    return arrivals[i + 1];
  };
}

/** Whether an event brings some of the answer: a role, or a count of tokens, is none. */
function hasText(event: unknown): boolean {
  if (!isObject(event)) return false;
  const choices = Array.isArray(event.choices) ? event.choices.filter(isObject) : [];
  return choices.some(({ delta, text }) => isText(text) || (isObject(delta) && isPiece(delta)));
}

function isPiece(delta: Readonly<Record<string, unknown>>): boolean {
  const { content, reasoning_content: thoughts, refusal, tool_calls: calls } = delta;
  return isText(content) || isText(thoughts) || isText(refusal) || (Array.isArray(calls) && calls.length > 0);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

type Usage = Pick<StreamFacts, 'promptTokens' | 'completionTokens'>;

/** `usage` of OpenAI's chats: in the answer, or in the last event. */
function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value) || !isObject(value.usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion } = value.usage;
  const count = (one: unknown) => (typeof one === 'number' && Number.isInteger(one) && one >= 0 ? one : undefined);
  const [promptTokens, completionTokens] = [count(prompt), count(completion)];
  return promptTokens === undefined && completionTokens === undefined ? undefined : { promptTokens, completionTokens };
}

/** Some servers count in every event, and the last one counts. */
function joined(before: Usage | undefined, now: Usage | undefined): Usage | undefined {
  if (now === undefined) return before;
  return {
    promptTokens: now.promptTokens ?? before?.promptTokens,
    completionTokens: now.completionTokens ?? before?.completionTokens,
  };
}
