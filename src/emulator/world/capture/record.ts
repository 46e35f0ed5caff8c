import type { DataCaptureConfig } from '@aws-sdk/client-sagemaker';

/** One answered request, as data capture sees it. */
export interface Exchange {
  eventId: string;
  /** When it was answered, milliseconds since the epoch. */
  at: number;
  input: { body: Uint8Array; contentType: string | undefined };
  /** Undefined for a failed call. */
  output: { body: Uint8Array; contentType: string } | undefined;
  inferenceId: string | undefined;
  customAttributes: string | undefined;
}

type Encoding = 'CSV' | 'JSON' | 'BASE64';

/** What the content types of a config mean; anything else is captured as BASE64 (facts 2.1). */
export function encodingsOf(config: DataCaptureConfig): (contentType: string) => Encoding {
  const csv = new Set((config.CaptureContentTypeHeader?.CsvContentTypes ?? []).map(mediaType));
  const json = new Set((config.CaptureContentTypeHeader?.JsonContentTypes ?? []).map(mediaType));
  return (contentType) => {
    const type = mediaType(contentType);
    return csv.has(type) ? 'CSV' : json.has(type) ? 'JSON' : 'BASE64';
  };
}

/** `text/csv; charset=utf-8` counts as `text/csv`: AWS's own records do (facts 2.3). */
function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

// Thousands of records share a second.
let second = Number.NaN;
let secondText = '';

/** `2024-01-19T19:27:57Z`: whole seconds only. */
export function inferenceTime(at: number): string {
  const floor = Math.floor(at / 1000);
  if (floor !== second) {
    second = floor;
    secondText = `${new Date(floor * 1000).toISOString().slice(0, 19)}Z`;
  }
  return secondText;
}

/** One line of a capture file, without the line's end: AWS's order of keys, no spaces (facts 2.3). */
export function captureLine(
  exchange: Exchange,
  modes: { input: boolean; output: boolean },
  encodingOf: (contentType: string) => Encoding,
): string {
  const half = (name: string, mode: string, part: { body: Uint8Array; contentType: string | undefined }) => {
    const type = part.contentType ?? 'application/octet-stream';
    const encoding = encodingOf(type);
    const bytes = Buffer.from(part.body.buffer, part.body.byteOffset, part.body.byteLength);
    const data = encoding === 'BASE64' ? `"${bytes.toString('base64')}"` : JSON.stringify(bytes.toString('utf8'));
    return `"${name}":{"observedContentType":${JSON.stringify(type)},"mode":"${mode}","data":${data},"encoding":"${encoding}"}`;
  };
  const halves: string[] = [];
  if (modes.input) halves.push(half('endpointInput', 'INPUT', exchange.input));
  if (modes.output && exchange.output) halves.push(half('endpointOutput', 'OUTPUT', exchange.output));
  const attributes =
    exchange.customAttributes === undefined ? '' : `"customAttributes":[${JSON.stringify(exchange.customAttributes)}],`;
  const inference = exchange.inferenceId === undefined ? '' : `"inferenceId":${JSON.stringify(exchange.inferenceId)},`;
  return `{"captureData":{${halves.join(',')}},"eventMetadata":{"eventId":"${exchange.eventId}",${attributes}${inference}"inferenceTime":"${inferenceTime(exchange.at)}"},"eventVersion":"0"}`;
}

/**
 * Where a capture file is put under the destination (facts 2.2); it is named by the moment it was opened, in UTC.
 * `{endpoint}/{variant}/{yyyy}/{mm}/{dd}/{hh}/{MM}-{SS}-{mmm}-{uuid}.jsonl`
 */
export function captureKey(prefix: string, endpoint: string, variant: string, openedAt: number, uuid: string): string {
  const time = new Date(openedAt).toISOString();
  const day = `${time.slice(0, 4)}/${time.slice(5, 7)}/${time.slice(8, 10)}/${time.slice(11, 13)}`;
  const name = `${time.slice(14, 16)}-${time.slice(17, 19)}-${time.slice(20, 23)}-${uuid}.jsonl`;
  return `${prefix === '' ? '' : `${prefix}/`}${endpoint}/${variant}/${day}/${name}`;
}
