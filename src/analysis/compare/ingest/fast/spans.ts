import type { Payload } from '../../../answers/captures.ts';
import type { HalfSpans, Span } from './walker.ts';

/** The place behind blanks that may stand between a record and its newline. */
export function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 13 || bytes[at] === 32 || bytes[at] === 9) at += 1;
  return at;
}

/** Are these bytes those already known? */
export function sameBytes(bytes: Buffer, part: Span, known: Buffer): boolean {
  const length = part.start < 0 ? 0 : part.end - part.start;
  if (length !== known.length) return false;
  for (let i = 0; i < length; i += 1) if (bytes[part.start + i] !== known[i]) return false;
  return true;
}

/** The text of a string; with backslashes that say nothing, as it stands. */
export function textOf(bytes: Buffer, part: Span): string {
  if (part.start < 0) return '';
  const raw = bytes.toString('utf8', part.start, part.end);
  if (!part.escaped) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}

/** Half a record as the readers of answers and inputs take it. */
export function payloadOf(bytes: Buffer, half: HalfSpans): Payload | undefined {
  if (half.data.start < 0) return undefined;
  const encoding = textOf(bytes, half.encoding);
  const type = textOf(bytes, half.type);
  return {
    data: textOf(bytes, half.data),
    encoding: encoding === 'CSV' || encoding === 'BASE64' ? encoding : 'JSON',
    contentType: type === '' ? undefined : type,
  };
}
