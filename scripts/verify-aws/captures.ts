import type { Aws } from '../../src/aws/clients.ts';
import { listObjects, readObject } from '../../src/aws/s3.ts';
import { s3Place } from '../../src/aws/s3-uri.ts';
import type { Clock } from '../../src/base/clock.ts';
import { MINUTE } from '../../src/base/units.ts';

/** What one captured request says of itself. */
interface Captured {
  eventId: string | undefined;
  inferenceId: string | undefined;
}

/** The captured requests of both variants. */
export interface Captures {
  production: Captured[];
  shadow: Captured[];
}

/** Bytes of a capture file that are read at most, and files of a variant. */
const MAX_BYTES = 8 << 20;
const MAX_FILES = 40;
/** So long captures are waited for: "a couple of minutes" (facts 2.2). */
const PATIENCE = 6 * MINUTE;

/** Reads what was captured; where the shadow has nothing yet, that is waited for. */
export async function readCaptures(
  aws: Aws,
  clock: Clock,
  { destination, variants, signal }: { destination: string; variants: { production: string; shadow: string }; signal: AbortSignal },
): Promise<Captures> {
  const until = clock.now() + PATIENCE;
  for (;;) {
    const [production, shadow] = await Promise.all([
      capturesUnder(aws, `${destination}/${variants.production}/`),
      capturesUnder(aws, `${destination}/${variants.shadow}/`),
    ]);
    if ((production.length > 0 && shadow.length > 0) || clock.now() >= until) return { production, shadow };
    await clock.sleep(MINUTE, signal);
  }
}

async function capturesUnder(aws: Aws, uri: string): Promise<Captured[]> {
  const place = s3Place(uri);
  if (place === undefined) return [];
  const found: Captured[] = [];
  let files = 0;
  for await (const { key } of listObjects(aws, place)) {
    if ((files += 1) > MAX_FILES) break;
    const bytes = await readObject(aws, `s3://${place.bucket}/${key}`, MAX_BYTES);
    for (const line of Buffer.from(bytes).toString('utf8').split('\n'))
      if (line.trim() !== '') found.push(captured(line));
  }
  return found;
}

function captured(line: string): Captured {
  const { eventMetadata = {} } = JSON.parse(line) as { eventMetadata?: { eventId?: string; inferenceId?: string } };
  return { eventId: eventMetadata.eventId, inferenceId: eventMetadata.inferenceId };
}
