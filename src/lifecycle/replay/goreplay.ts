import { headerValue } from '../../mirror/headers.ts';
import { keptAnswer, unpacked } from '../../mirror/record/body.ts';
import { readMessage } from './http-message.ts';
import { partsOf } from './parts.ts';
import type { Found } from './recorded.ts';

/** Ends every payload of a file of GoReplay (protocol.go: payloadSeparator). */
const SEPARATOR = Buffer.from('\n🐵🙈🙉\n');
/** `1 id nanoseconds [nanoseconds]`: the kind of payload, its id, when it began, and how long it took to pass (protocol.go: payloadHeader). */
const HEAD = /^([123]) ([0-9A-Za-z_-]{1,128}) (-?\d{1,20})(?: (-?\d{1,20}))?$/;
/** Times below this are no time of day in nanoseconds: older versions wrote how long an answer took there. */
const NOT_A_TIME = 1e15;

/** Whether a text begins as a file of GoReplay does. */
export function isGoReplay(head: string): boolean {
  return HEAD.test(head.slice(0, head.indexOf('\n') >>> 0)) && head.includes('\n');
}

/**
 * The payloads of a file of GoReplay (`--output-file`), as versions 0.16 to 1.3 write it: requests (1) and, with
 * `--input-raw-track-response`, the answers that were recorded (2). Answers of a replay (3) are none of the recorded server.
 *
 * @param most bytes of a payload
 */
export async function* readGoReplay(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Found> {
  for await (const { bytes, closed } of partsOf(chunks, SEPARATOR, most)) {
    if (bytes === undefined) {
      yield { kind: 'flaw', flaw: 'too-large', why: 'it is larger than what is held in memory' };
      continue;
    }
    if (!closed) {
      if (bytes.toString('latin1').trim() !== '')
        yield { kind: 'flaw', flaw: 'truncated', why: 'the file ends in the middle of it' };
      continue;
    }
    yield await payload(bytes, most);
  }
}

async function payload(bytes: Buffer, most: number): Promise<Found> {
  const end = bytes.indexOf(10);
  const [, kind, id = '', began = '', took] = HEAD.exec(bytes.toString('latin1', 0, Math.max(0, end))) ?? [];
  if (kind === undefined)
    return { kind: 'flaw', flaw: 'unreadable', why: 'it does not begin as a payload of GoReplay' };
  if (kind === '3') return { kind: 'flaw', flaw: 'not-live', why: 'it is the answer to a replay' };
  const message = readMessage(bytes.subarray(end + 1));
  if ('wrong' in message) return { kind: 'flaw', flaw: message.cut ? 'truncated' : 'unreadable', why: message.wrong };
  const startedAt = Number(began) / 1e6;
  const tookMs = took === undefined || Number(took) < 0 ? undefined : Number(took) / 1e6;
  if (kind === '1') {
    const [, method, target] = /^([A-Z]{1,20}) (\/\S*) HTTP\/1\.[01]$/.exec(message.first) ?? [];
    if (method === undefined || target === undefined)
      return { kind: 'flaw', flaw: 'unreadable', why: 'it has no request line' };
    if (method === 'HEAD' || method === 'CONNECT' || headerValue(message.headers, 'upgrade') !== undefined)
      return { kind: 'flaw', flaw: 'method', why: `${method} has no answer that could be compared` };
    const at = Number(began) < NOT_A_TIME ? undefined : startedAt;
    const { headers, body } = message;
    const request = { key: id, at, method, target, headers, body };
    return { kind: 'request', request, answer: undefined, awaits: { tookMs } };
  }
  const [, status] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: .*)?$/.exec(message.first) ?? [];
  if (status === undefined) return { kind: 'flaw', flaw: 'unreadable', why: 'it has no status line' };
  const plain = await unpacked(message.body, message.headers, most);
  const body =
    plain === undefined ? undefined : keptAnswer(plain, message.headers, { bodies: true, redact: undefined, most });
  return {
    kind: 'answer',
    key: id,
    answer: { outcome: 'answered', loss: undefined, status: Number(status), ms: undefined, body },
    startedAt: Number(began) < NOT_A_TIME ? Number.NaN : startedAt,
    tookMs,
  };
}

/**
 * How long an answer took, from the last byte of the request to its own last: both payloads say when their first packet was seen, and
 * how long they took to pass (input_raw.go: Start, End − Start). Undefined where either does not.
 */
export function goReplayLatency(
  request: { at: number | undefined; tookMs: number | undefined },
  answer: { startedAt: number; tookMs: number | undefined },
): number | undefined {
  if (request.at === undefined || request.tookMs === undefined || answer.tookMs === undefined) return undefined;
  const ms = answer.startedAt + answer.tookMs - (request.at + request.tookMs);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
