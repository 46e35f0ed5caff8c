import { constants, gunzipSync } from 'node:zlib';
import { binaryKind, decodeText } from '../../base/decode.ts';
import { usageError } from '../../base/errors.ts';

/** More than this is no file of labels; it must fit into memory as text. */
export const MAX_LABEL_BYTES = 500_000_000;

/** A file of labels as text, and what was wrong with its bytes. */
export interface LabelText {
  source: string;
  text: string;
  /** Sentences without the file's name. */
  flaws: string[];
}

/**
 * The bytes of a file of labels as text: gzip is unpacked (a torn end is noted, and what comes before it counts), UTF-8
 * and UTF-16 are distinguished by their byte order mark, or by the zeros of plain letters.
 *
 * @throws Problem (usage) for what is no text at all
 */
export function labelText(bytes: Uint8Array, source: string): LabelText {
  const flaws: string[] = [];
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpack(bytes, source, flaws) : bytes;
  const kind = binaryKind(plain);
  if (kind !== undefined)
    throw usageError(
      `${source} is ${kind}, not a file of labels.`,
      'Labels are read from CSV with a header, or from records of JSON or Python.',
    );
  const { text, encoding, strange } = decodeText(plain);
  if (strange > 0)
    flaws.push(
      `${strange} ${strange === 1 ? 'character is' : 'characters are'} not ${encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'}; labels with them will not be found equal.`,
    );
  return { source, text, flaws };
}

function unpack(bytes: Uint8Array, source: string, flaws: string[]): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_LABEL_BYTES });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw usageError(`${source} unpacks to more than ${MAX_LABEL_BYTES} bytes.`, 'Give a smaller file.', error);
    if (code !== 'Z_BUF_ERROR')
      throw usageError(`${source} begins like gzip and cannot be unpacked (${code}).`, 'Upload it again.', error);
    flaws.push('The gzip file is truncated: the part before the break counts.');
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_LABEL_BYTES });
  }
}
