import { isObject } from '../../base/json.ts';

/**
 * The records of a mirror (`shadowctl mirror`): capture records as SageMaker writes them, a folder for each side, with
 * what happened beside them as further members of `eventMetadata`. Writing and reading stand here together.
 */

/** The folder of the live side's records. */
export const LIVE_FOLDER = 'live';

/**
 * How one side of a request ended.
 *
 * - `answered`: with whatever status, whole
 * - `timeout`, `refused` (no connection), `broken` (closed or garbled before its end), `too-large` (longer than the
 *   mirror keeps, where the live answer is not): counts against a shadow
 * - `too-slow`: the copy was never taken, because so many others waited for the same shadow: counts against it
 * - `lost`: the mirror's own bounds, or a caller who went away: counts for neither
 */
export const OUTCOMES = ['answered', 'timeout', 'refused', 'broken', 'too-large', 'too-slow', 'lost'] as const;
export type SideOutcome = (typeof OUTCOMES)[number];

/** Why the mirror has not both answers of a request whose copy was due: nobody's fault but its own or the caller's. */
export const LOSSES = [
  'memory',
  'request-size',
  'answer-size',
  'disk',
  'client-gone',
  'not-sent',
  'stopped',
  'unredacted',
  // What callers logged: the shadow's line came, the live one never did.
  'unlogged',
  // A shadow answered the caller, and the live side did not answer its copy: that must not speak for the shadow.
  'live-copy',
  // The mirror's own credentials were missing, or refused by AWS before any model saw the copy.
  'credentials',
  // A replay was behind with its own sending, so that its bound on requests under way says nothing of the shadow.
  'sender',
] as const;
export type Loss = (typeof LOSSES)[number];

/** What stands in place of a value that is not to be kept. */
export const REDACTED = '[redacted]';

/** A body as it is kept: text, or base64. */
export interface KeptBody {
  data: string;
  encoding: 'CSV' | 'JSON' | 'BASE64';
  contentType: string | undefined;
}

/** What a record says beside the bodies. */
export interface RecordFacts {
  /** The mirror's own number of the request, the same on every side. */
  id: string;
  /** The pair's key: the caller's id, where there is one, else `id`. */
  key: string;
  /** When the request came, milliseconds since the epoch; the same on every side. */
  at: number;
  outcome: SideOutcome;
  /** Where the outcome is `lost`. */
  loss: Loss | undefined;
  /** Of the HTTP answer; undefined without one. */
  status: number | undefined;
  /** From the last byte of the request to the last of the answer, or until it was given up; undefined where nothing was sent. */
  ms: number | undefined;
  /** Until the first byte of the answer. */
  firstByteMs: number | undefined;
  /** Of a chat: what came when, and how many tokens its server counted. */
  stream?: StreamFacts | undefined;
  /** Live side: the shadows that a copy was due to, or that answered. */
  copies: readonly string[];
  /** Live side: the shadow whose the request was to answer, so that the live side got the copy; undefined: the live side answered. */
  answered?: string | undefined;
  /** Live side: why it answered although the shadow was to (no connection, broken off, no answer in time, a 5xx). */
  fell?: Fell | undefined;
  /** Live side: the shadow that failed so. */
  failed?: string | undefined;
}

/** By what a shadow failed that was to answer a caller, so that the live side did. */
const FALLS = ['refused', 'broken', 'timeout', '5xx'] as const;
type Fell = (typeof FALLS)[number];

/** Of the answer to a chat. Milliseconds from the last byte of the request. */
export interface StreamFacts {
  /** Events that brought some of the text; undefined where it was not streamed. */
  pieces: number | undefined;
  /** When the first and the last of them came; undefined where that is not known. */
  firstMs: number | undefined;
  lastMs: number | undefined;
  /** As the server counted them. */
  promptTokens: number | undefined;
  completionTokens: number | undefined;
}

/** One line of a record file, with its line end. */
export function recordLine(facts: RecordFacts, input: KeptBody | undefined, output: KeptBody | undefined): string {
  const parts = [
    input === undefined ? undefined : `"endpointInput":${half(input, 'INPUT')}`,
    output === undefined ? undefined : `"endpointOutput":${half(output, 'OUTPUT')}`,
  ].filter((part) => part !== undefined);
  const more =
    (facts.loss === undefined ? '' : `,"loss":"${facts.loss}"`) +
    (facts.status === undefined ? '' : `,"status":${facts.status}`) +
    (facts.ms === undefined ? '' : `,"ms":${facts.ms.toFixed(3)}`) +
    (facts.firstByteMs === undefined ? '' : `,"firstByteMs":${facts.firstByteMs.toFixed(3)}`) +
    (facts.stream === undefined ? '' : `,"stream":${streamText(facts.stream)}`) +
    (facts.copies.length === 0 ? '' : `,"copies":${JSON.stringify(facts.copies.join(' '))}`) +
    (facts.answered === undefined ? '' : `,"answered":"${facts.answered}"`) +
    (facts.fell === undefined ? '' : `,"fell":"${facts.fell}"`) +
    (facts.failed === undefined ? '' : `,"failed":"${facts.failed}"`);
  return `{"captureData":{${parts.join(',')}},"eventMetadata":{"eventId":"${facts.id}","inferenceId":${facts.key === facts.id ? `"${facts.id}"` : JSON.stringify(facts.key)},"inferenceTime":"${isoTime(facts.at)}","outcome":"${facts.outcome}"${more}},"eventVersion":"0"}\n`;
}

function streamText({ firstMs, lastMs, ...counts }: StreamFacts): string {
  const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Number(ms.toFixed(3)));
  return JSON.stringify({ ...counts, firstMs: rounded(firstMs), lastMs: rounded(lastMs) });
}

let lastTime = { at: Number.NaN, text: '' };

/** Many records have the time of the one before. */
function isoTime(at: number): string {
  if (at !== lastTime.at) lastTime = { at, text: new Date(at).toISOString() };
  return lastTime.text;
}

function half({ data, encoding, contentType }: KeptBody, mode: 'INPUT' | 'OUTPUT'): string {
  const type = contentType === undefined ? '' : `"observedContentType":${JSON.stringify(contentType)},`;
  return `{${type}"mode":"${mode}","data":${JSON.stringify(data)},"encoding":"${encoding}"}`;
}

const BEGIN = ',"eventMetadata":';
const END = ',"eventVersion"';

/**
 * What a line says beside the bodies. In text inside of JSON every quote is escaped, so that the last place of the
 * member's name is the member itself: the bodies, most of a line, need not be parsed.
 *
 * @returns undefined where it is no record of a mirror
 */
export function readFacts(line: string): RecordFacts | undefined {
  const begin = line.lastIndexOf(BEGIN);
  const end = line.lastIndexOf(END);
  if (begin < 0 || end < begin) return undefined;
  let meta: unknown;
  try {
    meta = JSON.parse(line.slice(begin + BEGIN.length, end));
  } catch {
    return undefined;
  }
  if (!isObject(meta)) return undefined;
  const { eventId, inferenceId, inferenceTime, outcome, loss, copies, stream } = meta;
  const at = Date.parse(String(inferenceTime));
  const known = OUTCOMES.find((one) => one === outcome);
  if (typeof eventId !== 'string' || typeof inferenceId !== 'string' || Number.isNaN(at) || known === undefined)
    return undefined;
  return {
    id: eventId,
    key: inferenceId,
    at,
    outcome: known,
    loss: LOSSES.find((one) => one === loss),
    status: numberOf(meta.status),
    ms: numberOf(meta.ms),
    firstByteMs: numberOf(meta.firstByteMs),
    ...(isObject(stream) ? { stream: streamOf(stream) } : {}),
    copies: typeof copies === 'string' ? copies.split(' ') : [],
    answered: typeof meta.answered === 'string' ? meta.answered : undefined,
    fell: FALLS.find((one) => one === meta.fell),
    failed: typeof meta.failed === 'string' ? meta.failed : undefined,
  };
}

function streamOf(written: Record<string, unknown>): StreamFacts {
  return {
    pieces: numberOf(written.pieces),
    firstMs: numberOf(written.firstMs),
    lastMs: numberOf(written.lastMs),
    promptTokens: numberOf(written.promptTokens),
    completionTokens: numberOf(written.completionTokens),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
