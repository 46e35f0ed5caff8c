import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { readArchive } from '../../emulator/containers/archive.ts';
import { linearLearnerContainer, loadLinearLearner } from '../../emulator/containers/linear-learner/container.ts';

/** A model server that really answers. */
export interface ModelServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves a linear-learner artifact with node:http, by the routes of SageMaker's containers: `POST /invocations`, `GET /ping`.
 *
 * @param artifact path of a model.tar.gz
 */
export async function startModelServer(artifact: string, clock: Clock): Promise<ModelServer> {
  const loaded = loadLinearLearner(await readArchive(await readFile(artifact)));
  const container = linearLearnerContainer(loaded, clock, () => undefined);
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => undefined);
    req.once('end', () => {
      if (req.method === 'GET' && req.url === '/ping') return res.writeHead(Number(container.ping())).end();
      if (req.method !== 'POST' || req.url !== '/invocations') return res.writeHead(404).end();
      const { 'content-type': contentType, accept } = req.headers;
      const asked = { body: Buffer.concat(chunks), contentType, accept, customAttributes: undefined };
      void Promise.resolve(container.invoke(asked)).then(({ status, body, contentType: type }) =>
        res.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length }).end(body),
      );
      return undefined;
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await container.stop();
    },
  };
}
