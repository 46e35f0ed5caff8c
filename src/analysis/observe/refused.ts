import { printText } from '../../base/text.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Unseen } from '../../aws/unseen.ts';

/** What S3 says of a bucket that is not there, or is in another region than the requests are for (S3 API, "Error responses"). */
const UNREACHABLE = new Set([
  'NoSuchBucket',
  'PermanentRedirect',
  'TemporaryRedirect',
  'IllegalLocationConstraintException',
  'AuthorizationHeaderMalformed',
  'BadRequest',
  'InvalidObjectState',
]);

/** Where sentences for the reader go; a list of them is one. */
export interface Notes {
  push(...sentences: string[]): unknown;
  /** Told as well of what these credentials may not read, for whoever shows no sentences. */
  unseen?: ((one: Unseen) => void) | undefined;
}

/**
 * Reads from a source that may be closed to these credentials, not exist, or lie in another region. Then the report says so, with what it
 * takes, and judges what the other sources tell; anything else that goes wrong ends it.
 *
 * @param instead what stands for what could not be read: it must count as not known, never as good
 * @param consequence what is missing now, a sentence
 * @param what was to be read, in a few words
 */
export async function withFallbackIfDenied<T>(
  read: () => Promise<T>,
  instead: () => T,
  notes: Notes,
  consequence: string,
  what: string,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AwsProblem) || !(error.denied || UNREACHABLE.has(error.code))) throw error;
    if (error.denied) notes.unseen?.({ what, needs: error.missing });
    const sentence = error.message.endsWith('.') ? error.message : `${error.message}.`;
    notes.push(
      [sentence, consequence, error.next && printText(error.next)].filter((part) => part !== undefined).join(' '),
    );
    return instead();
  }
}
