import { isUtf8 } from 'node:buffer';
import { isObject } from '../../base/json.ts';
import { type KeptBody, readFacts, REDACTED } from '../../analysis/mirrored/record.ts';
import { readLine } from '../../mirror/logged/line.ts';
import { partsOf } from './parts.ts';
import type { Found, Recorded, RecordedAnswer } from './recorded.ts';

/**
 * What the lines of a file are.
 *
 * - `captures`: of SageMaker's data capture, or of the live side of a mirror, which says more of each
 * - `logged`: as `shadowctl record` takes them
 * - `bodies`: each line is the body of a request, a JSON value; nothing says when it was sent or what was answered
 */
export type LineForm = 'captures' | 'logged' | 'bodies';

/** What the first line of a file shows of the others; undefined where it is no JSON. */
export function lineForm(first: string): LineForm | undefined {
  let value: unknown;
  try {
    value = JSON.parse(first);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return 'bodies';
  if (isObject(value.captureData) && isObject(value.eventMetadata)) return 'captures';
  return typeof value.id === 'string' && (value.side === 'live' || value.side === 'shadow') ? 'logged' : 'bodies';
}

const LINE_END = Buffer.from('\n');
const JSON_TYPE = ['Content-Type', 'application/json'];

/**
 * @param name of the file, which tells its lines apart from those of others
 * @param most bytes of a line
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  form: LineForm,
  name: string,
  most: number,
): AsyncGenerator<Found> {
  for await (const { bytes, number, closed } of partsOf(chunks, LINE_END, most)) {
    if (bytes === undefined) {
      yield { kind: 'flaw', flaw: 'too-large', why: 'it is larger than what is held in memory' };
      continue;
    }
    const text = bytes.toString('utf8').trim();
    if (text === '') continue;
    const found = isUtf8(bytes)
      ? READERS[form](text, `${name}:${number}`)
      : flaw('unreadable', 'it is not valid UTF-8');
    // What a writer was about to write when it was looked at, or when it was killed.
    yield found.kind === 'flaw' && found.flaw === 'unreadable' && !closed
      ? flaw('truncated', 'the file ends in the middle of it')
      : found;
  }
}

const READERS: Readonly<Record<LineForm, (text: string, place: string) => Found>> = {
  captures: capture,
  logged,
  bodies(text, key) {
    try {
      JSON.parse(text);
    } catch {
      return flaw('unreadable', 'it is not JSON');
    }
    return asked({ key, at: undefined, headers: JSON_TYPE, body: Buffer.from(text) }, undefined);
  },
};

const flaw = (kind: Extract<Found, { kind: 'flaw' }>['flaw'], why: string): Found => ({
  kind: 'flaw',
  flaw: kind,
  why,
});

/** What tells no method and no path was an invocation: SageMaker knows only POST. */
function asked(request: Omit<Recorded, 'method' | 'target'>, answer: RecordedAnswer | undefined): Found {
  return { kind: 'request', request: { ...request, method: 'POST', target: undefined }, answer };
}

function logged(text: string): Found {
  const line = readLine(text);
  if ('wrong' in line) return flaw('unreadable', line.wrong);
  const { id, side, status, latency, time, request, answer } = line;
  if (side !== 'live') return flaw('not-live', "it is the shadow's");
  if (request === undefined) return flaw('no-body', 'it has no request');
  const { contentType } = request;
  const headers = contentType === undefined ? [] : ['Content-Type', contentType];
  return asked(
    { key: id, at: time, headers, body: Buffer.from(request.data) },
    {
      outcome: status === undefined ? 'broken' : 'answered',
      loss: undefined,
      status,
      ms: status === undefined ? undefined : latency,
      body: answer,
    },
  );
}

function capture(text: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return flaw('unreadable', 'it is not JSON');
  }
  if (!isObject(value) || !isObject(value.captureData) || !isObject(value.eventMetadata))
    return flaw('unreadable', 'it is not a captured record');
  const { endpointInput, endpointOutput } = value.captureData;
  const { eventId, inferenceId, inferenceTime } = value.eventMetadata;
  const key = typeof inferenceId === 'string' ? inferenceId : eventId;
  if (typeof key !== 'string') return flaw('unreadable', 'it has no eventId');
  const input = keptOf(endpointInput);
  if (input === undefined || /^sha256:[0-9a-f]{64}$/.test(input.data))
    return flaw('no-body', 'the body of its request was not kept');
  if (input.encoding !== 'BASE64' && input.data.includes(REDACTED))
    return flaw('redacted', 'values in its request were not kept');
  const time = Date.parse(String(inferenceTime));
  const { contentType } = input;
  return asked(
    {
      key,
      at: Number.isNaN(time) ? undefined : time,
      headers: contentType === undefined ? [] : ['Content-Type', contentType],
      body: Buffer.from(input.data, input.encoding === 'BASE64' ? 'base64' : 'utf8'),
    },
    answerOf(text, keptOf(endpointOutput)),
  );
}

/** A mirror writes down how it came to the answer; SageMaker that there was one. */
function answerOf(text: string, body: KeptBody | undefined): RecordedAnswer | undefined {
  const facts = readFacts(text);
  if (facts !== undefined) {
    const { outcome, loss, status, ms } = facts;
    return { outcome, loss, status, ms, body };
  }
  return body === undefined
    ? undefined
    : { outcome: 'answered', loss: undefined, status: undefined, ms: undefined, body };
}

function keptOf(half: unknown): KeptBody | undefined {
  if (!isObject(half) || typeof half.data !== 'string') return undefined;
  const { data, encoding, observedContentType: type } = half;
  if (encoding !== 'CSV' && encoding !== 'JSON' && encoding !== 'BASE64') return undefined;
  return { data, encoding, contentType: typeof type === 'string' ? type : undefined };
}
