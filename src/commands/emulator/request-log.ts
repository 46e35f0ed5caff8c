import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { type Io, plain } from '../../ui/io.ts';

const STARTED = 'http.server.request.start';
const FINISHED = 'http.server.response.finish';

/**
 * Prints a line for each request this process has answered, to standard error: time, method, path, AWS's operation where
 * a header names it, status, duration. Listens to Node's own announcements, so the server knows nothing of it. Returns
 * how to stop.
 */
export function logRequests(io: Io, clock: Clock): () => void {
  const began = new WeakMap<object, number>();
  const onStart = (message: unknown) => {
    began.set((message as { request: IncomingMessage }).request, clock.now());
  };
  const onFinish = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const now = clock.now();
    const target = request.headers['x-amz-target'];
    const words = [
      new Date(now).toISOString(),
      request.method,
      plain((request.url ?? '').slice(0, 300)),
      ...(typeof target === 'string' ? [plain(target.slice(0, 100)).split('.').at(-1)] : []),
      String(response.statusCode),
      `${now - (began.get(request) ?? now)} ms`,
    ];
    io.err(words.join(' '));
  };
  subscribe(STARTED, onStart);
  subscribe(FINISHED, onFinish);
  return () => {
    unsubscribe(STARTED, onStart);
    unsubscribe(FINISHED, onFinish);
  };
}
