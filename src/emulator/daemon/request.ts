import { request } from 'node:http';

/** How long the emulator's own pages may take, in ms. */
const TIMEOUT = 2_000;

/**
 * Asks the emulator's control pages. Resolves to the status and the JSON in the body (undefined where there is none);
 * rejects when nothing answers. `node:http`, because loading `fetch` alone takes 30 ms.
 */
export function getJson(
  url: string,
  options: { method?: 'GET' | 'POST' | 'DELETE'; body?: unknown } = {},
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const text = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const asked = request(
      url,
      { method: options.method ?? 'GET', headers, timeout: TIMEOUT, agent: false },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    asked.on('error', reject);
    asked.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
