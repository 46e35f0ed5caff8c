import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { FINISHED, operationOf } from '../../emulator/http/server.ts';
import { type Io, plain } from '../../ui/io.ts';

const STARTED = 'http.server.request.start';

/**
 * Prints a line for each request this process has answered, to standard error: time, method, path, AWS's operation where
 * the request was understood, status, duration. Listens to Node's own announcements. Returns how to stop.
 */
export function logRequests(io: Io, clock: Clock): () => void {
  const began = new WeakMap<object, number>();
  const onStart = (message: unknown) => {
    began.set((message as { request: IncomingMessage }).request, clock.now());
  };
  const onFinish = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const now = clock.now();
    const operation = operationOf(response);
    const words = [
      new Date(now).toISOString(),
      request.method,
      plain((request.url ?? '').slice(0, 300)),
      ...(operation === undefined ? [] : [operation]),
      String(response.statusCode),
      `${now - (began.get(request) ?? now)} ms`,
    ];
    io.err(words.join(' '));
  };
  subscribe(STARTED, onStart);
  FINISHED.subscribe(onFinish);
  return () => {
    unsubscribe(STARTED, onStart);
    FINISHED.unsubscribe(onFinish);
  };
}
