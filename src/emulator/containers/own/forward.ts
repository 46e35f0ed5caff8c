import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import type { ExecutionParameters, InvocationRequest, InvocationResponse } from '../container.ts';

/** SageMaker's own limits (facts 7.2), on the wall clock: a server of the user's knows no other. */
const PING_LIMIT = 2_000;
const INVOCATION_LIMIT = 60_000;
/** Bytes of an answer that are kept at the most. */
const ANSWER_LIMIT = 32 * 1024 ** 2;

const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';

/** Speaks to a server that answers /ping and /invocations. */
interface Forward {
  /** Its status, 0 when nothing answers within two seconds. */
  ping(): Promise<number>;
  /** Its answer, status 0 when there is none within the request's time (sixty seconds) or it breaks off. */
  invoke(request: InvocationRequest): Promise<InvocationResponse>;
  /** What it answers at /execution-parameters; undefined where that is not 200 and a JSON object. */
  executionParameters(): Promise<ExecutionParameters | undefined>;
  close(): void;
}

/** Forwards to `base`; `log` hears why there was no answer. */
export function forward(base: URL, log: (line: string) => void): Forward {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (
    method: string,
    path: string,
    headers: Record<string, string | number>,
    body: Uint8Array | undefined,
    limit: number,
  ) =>
    new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
      const signal = AbortSignal.timeout(limit);
      const sent = httpRequest(new URL(path, base), { method, agent, headers, signal }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_LIMIT) answer.destroy(new Error(`the answer is longer than ${ANSWER_LIMIT} bytes`));
          else chunks.push(chunk);
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });

  return {
    ping: async () => {
      try {
        return (await call('GET', '/ping', {}, undefined, PING_LIMIT)).status;
      } catch {
        return 0;
      }
    },
    invoke: async ({ body, contentType, accept, customAttributes, timeoutMs }) => {
      const headers: Record<string, string | number> = { 'content-length': body.length };
      if (contentType !== undefined) headers['content-type'] = contentType;
      if (accept !== undefined) headers['accept'] = accept;
      if (customAttributes !== undefined) headers[ATTRIBUTES] = customAttributes;
      try {
        const answer = await call('POST', '/invocations', headers, body, timeoutMs ?? INVOCATION_LIMIT);
        const attributes = answer.headers[ATTRIBUTES];
        const contentTypeOut = answer.headers['content-type'] ?? 'application/octet-stream';
        const response = { status: answer.status, body: answer.body, contentType: contentTypeOut };
        return typeof attributes === 'string' ? { ...response, customAttributes: attributes } : response;
      } catch (error) {
        log(`shadowctl emulator: no answer from ${base.host}: ${(error as Error).message}`);
        return { status: 0, body: new Uint8Array(), contentType: 'text/plain' };
      }
    },
    executionParameters: async () => {
      try {
        const { status, body } = await call('GET', '/execution-parameters', {}, undefined, PING_LIMIT);
        return status === 200 ? readParameters(body.toString('utf8')) : undefined;
      } catch {
        return undefined;
      }
    },
    close: () => agent.destroy(),
  };
}

/** What is no number or text is taken for left out. */
function readParameters(text: string): ExecutionParameters | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { MaxConcurrentTransforms, BatchStrategy, MaxPayloadInMB } = Object(value) as Record<string, unknown>;
  const positive = (one: unknown) => (typeof one === 'number' && one > 0 ? one : undefined);
  return {
    MaxConcurrentTransforms: positive(MaxConcurrentTransforms),
    MaxPayloadInMB: typeof MaxPayloadInMB === 'number' && MaxPayloadInMB >= 0 ? MaxPayloadInMB : undefined,
    BatchStrategy: typeof BatchStrategy === 'string' ? BatchStrategy : undefined,
  };
}
