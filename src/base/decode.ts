/** Text of a file, and how its bytes were read. */
export interface DecodedText {
  /** Without a byte order mark; a lone carriage return, as old spreadsheets end lines, is a line end. */
  text: string;
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** Characters that are not of this encoding. */
  strange: number;
}

/**
 * The bytes of a text file as text. UTF-8 and UTF-16 are distinguished by their byte order mark, or by the zeros of
 * plain letters.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  // The replacement character may also be meant.
  const strange = text.includes('\u{FFFD}') && !isValid(bytes, encoding) ? text.split('\u{FFFD}').length - 1 : 0;
  return { text: text.includes('\n') ? text : text.replaceAll('\r', '\n'), encoding, strange };
}

function isValid(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What a file that is no text is, by its first bytes; undefined for text. */
export function binaryKind(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (start.startsWith('\u001F\u008B')) return 'a gzip file';
  if (start === 'PAR1') return 'a Parquet file';
  if (start === 'PK\u0003\u0004') return 'a zip or Excel file';
  if (start === 'Obj\u0001') return 'an Avro file';
  if (start === '\u0089PNG' || start.startsWith('\u00FF\u00D8\u00FF')) return 'a picture';
  if (encodingOf(bytes) === 'utf-8' && bytes.subarray(0, 65_536).includes(0)) return 'a binary file';
  return undefined;
}

function encodingOf(bytes: Uint8Array): DecodedText['encoding'] {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0)) return 'utf-16be';
  return 'utf-8';
}
