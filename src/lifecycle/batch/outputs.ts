import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import { listObjects } from '../../aws/s3.ts';
import type { Aws } from '../../aws/clients.ts';
import type { RemoteObject } from '../../aws/s3-download.ts';

/** What SageMaker appends to an object's key for what a model answered to it (facts 16.2). */
const ENDING = '.out';

/**
 * Which output belongs to which input. How much of an input's key an output keeps depends on what the input was named by, and
 * no source says it for every way: an output belongs to the input whose key ends as it does, by as many parts as it keeps. Pure.
 * @param inputs `s3://` URIs
 * @param outputs keys below the folder of outputs: `05/part-1.csv.out`
 * @returns by input; inputs whose output cannot be told from that of another are left out
 */
export function matchOutputs(inputs: readonly string[], outputs: readonly string[]): Map<string, string> {
  const byTail = new Map<string, string[]>();
  for (const output of outputs) {
    if (!output.endsWith(ENDING)) continue;
    const tail = output.slice(0, -ENDING.length);
    byTail.set(tail, [...(byTail.get(tail) ?? []), output]);
  }
  const found = new Map<string, string>();
  const taken = new Map<string, string[]>();
  for (const input of inputs) {
    const parts = (s3Place(input)?.key ?? '').split('/');
    for (let from = 0; from < parts.length; from += 1) {
      const [output] = byTail.get(parts.slice(from).join('/')) ?? [];
      if (output === undefined) continue;
      found.set(input, output);
      taken.set(output, [...(taken.get(output) ?? []), input]);
      break;
    }
  }
  for (const claims of taken.values()) if (claims.length > 1) for (const input of claims) found.delete(input);
  return found;
}

/** The outputs that lie below a folder of outputs, by the input that each belongs to. */
export async function outputsOf(
  aws: Aws,
  folder: string,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, RemoteObject>> {
  const place = s3Place(folder.endsWith('/') ? folder : `${folder}/`);
  if (place === undefined) return new Map();
  const objects = new Map<string, RemoteObject>();
  for await (const { key, bytes, etag } of listObjects(aws, place, signal))
    objects.set(key.slice(place.key.length), { uri: s3Uri({ bucket: place.bucket, key }), bytes, etag });
  const matched = matchOutputs(inputs, [...objects.keys()]);
  return new Map(
    [...matched].flatMap(([input, output]) => {
      const object = objects.get(output);
      return object === undefined ? [] : [[input, object] as const];
    }),
  );
}
