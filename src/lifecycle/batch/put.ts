import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { goesInParts, putFile } from '../../aws/s3-upload.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { objectMetadata } from '../../resources/resolve.ts';

/**
 * Writes a file below the folder of a batch's outputs. One that goes in parts is announced in the journal as an object of its own:
 * the parts that a killed command leaves are billed and stand in no list of objects, so that deleting the folder would leave them.
 */
export async function putOutput(run: JournaledRun, uri: string, path: string): Promise<void> {
  const { size: bytes } = await stat(path);
  if (!goesInParts(bytes))
    return putFile(run.aws, uri, { path, bytes, metadata: objectMetadata(run.journal.endpoint, run.id) });
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  await apply(run, {
    action: 'create',
    kind: 's3-object',
    name: uri,
    input: { path, bytes, sha256: hash.digest('hex') },
  });
}
