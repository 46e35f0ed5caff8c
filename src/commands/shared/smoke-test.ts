import type { App } from '../../app.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { cannotRun } from '../../base/errors.ts';
import { readPayloads } from './payloads.ts';

/**
 * Sends one payload to the endpoint as it is: a file the live model refuses would count as failures of the new one.
 * @throws Problem where the file cannot be read, or the live model refuses its first row
 */
export async function smokeTest(app: App, endpoint: string, file: string): Promise<void> {
  const payloads = await readPayloads(app, file, '--traffic');
  const [first] = payloads.rows;
  if (first === undefined) return;
  try {
    await invokeEndpoint(
      await app.aws(),
      { EndpointName: endpoint, Body: Buffer.from(first.body), ContentType: payloads.contentType },
      app.signal,
    );
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    throw cannotRun(
      `--traffic: the live model refuses line ${first.line} of ${payloads.source}: ${error.words}`,
      `Nothing was changed. Try the file with: shadowctl invoke --endpoint ${endpoint} --data ${file} --count 1`,
      error,
    );
  }
}
