import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { headObject } from '../../aws/s3.ts';

/** Is a model's artifact there? Undefined where it has none, or these credentials may not look: nobody needs that right to update. */
export async function artifactThere(aws: Aws, uri: string | undefined): Promise<boolean | undefined> {
  if (uri?.startsWith('s3://') !== true) return undefined;
  try {
    return (await headObject(aws, uri)) !== undefined;
  } catch (error) {
    if (error instanceof AwsProblem && error.clientFault) return undefined;
    throw error;
  }
}
