import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { environmentError, Problem } from '../../base/errors.ts';
import { SECOND } from '../../base/units.ts';
import type { Session } from '../session.ts';
import { answerPage, MAX_BODY, type Page, pageReply, type PageReply } from './page.ts';
import type { ReportShelf } from './reports.ts';

/** Only this machine: whoever wants more puts a server of theirs in front, with TLS. */
const HOST = '127.0.0.1';
/** A browser that takes longer to send its request is given up. */
const PATIENCE = 10 * SECOND;

/**
 * Serves the pages of questions on this machine, until the session's signal aborts.
 * @param onStarted is told the port that was really taken
 * @throws Problem (cannot-run) where the port is taken
 */
export async function servePages(
  session: Session,
  {
    port,
    draw,
    reports,
    onStarted,
  }: {
    port: number;
    draw: (page: Page) => string;
    reports?: ReportShelf | undefined;
    onStarted: (port: number) => void;
  },
): Promise<void> {
  const server = createServer({ requestTimeout: PATIENCE, headersTimeout: PATIENCE }, (request, response) => {
    void handle(session, { draw, reports }, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? environmentError(`Port ${port} of ${HOST} is taken.`, 'Give another one: --port 0 takes any that is free.')
          : error,
      ),
    );
    server.listen(port, HOST, resolve);
  });
  onStarted((server.address() as AddressInfo).port);
  await new Promise<void>((resolve) => {
    const stop = () => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    if (session.signal.aborted) stop();
    else session.signal.addEventListener('abort', stop, { once: true });
  });
}

async function handle(
  session: Session,
  { draw, reports }: { draw: (page: Page) => string; reports: ReportShelf | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = ({ status, headers, body }: PageReply) => {
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  try {
    const url = new URL(request.url ?? '/', `http://${HOST}`);
    const { method = 'GET' } = request;
    const body = await bodyOf(request);
    const asked = { method, path: url.pathname, query: url.search.slice(1), body };
    send(await answerPage(session, asked, draw, reports));
  } catch (error) {
    const words = error instanceof Problem ? error.message : 'Something went wrong; nothing was changed.';
    if (!response.headersSent) send(pageReply(500, { kind: 'refused', words }, draw));
    else response.destroy();
  }
}

/** The body, as far as one is read: what is longer is no answer, and is refused by its length. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY) return ' '.repeat(MAX_BODY + 1);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
