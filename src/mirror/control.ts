import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { environmentError } from '../base/errors.ts';
import { listenOn } from './front.ts';
import type { MirrorConfig } from './config.ts';
import { prometheus } from './metrics.ts';
import type { Mirror } from './mirror.ts';
import { sideText } from './router/roles.ts';
import { readRouterRequest, type RouterState } from './router/state.ts';

export interface ControlOptions {
  mirror: Pick<Mirror, 'counted' | 'run' | 'router' | 'change' | 'reach'>;
  /** It takes no further requests. */
  draining: () => boolean;
  /** @throws Problem where the new configuration is wrong */
  reload: () => Promise<void>;
  stop: () => void;
}

/** Where a mirror is looked at, and where it is told what to do. */
export interface Control {
  /** Of /healthz and /metrics. */
  port: number | undefined;
  close(): Promise<void>;
}

/**
 * Two doors. The address serves /healthz and /metrics, which change nothing, to whoever reaches it. The Unix socket takes
 * commands: only its owner may open it (mode 0600), which is how its users are authenticated.
 *
 * @throws Problem (cannot-run) where one of them cannot be opened
 */
export async function openControl(
  config: Pick<MirrorConfig, 'control' | 'socket'>,
  options: ControlOptions,
): Promise<Control> {
  const open: Server[] = [];
  let port: number | undefined;
  const { control, socket } = config;
  try {
    if (control !== undefined) {
      const server = createServer((req, res) => look(req, res, options));
      await listenOn(server, control);
      open.push(server);
      const address = server.address();
      port = typeof address === 'object' && address !== null ? address.port : undefined;
    }
    if (socket !== undefined) {
      const server = createServer((req, res) => void command(req, res, options));
      await listenOnSocket(server, socket);
      open.push(server);
    }
  } catch (error) {
    for (const server of open) server.close();
    throw error;
  }
  return {
    port,
    async close() {
      for (const server of open) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      if (socket !== undefined) rmSync(socket, { force: true });
    },
  };
}

function look(req: IncomingMessage, res: ServerResponse, { mirror, draining }: ControlOptions): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') return send(res, 405, 'text/plain', 'Only GET works here.\n');
  switch (req.url) {
    case '/healthz':
      return draining()
        ? send(res, 503, 'application/json', '{"status":"draining"}\n')
        : // That a side does not answer is no reason to pass the mirror by, or to start it again.
          send(
            res,
            200,
            'application/json',
            `${JSON.stringify({ status: 'ok', unreachable: mirror.reach.known() })}\n`,
          );
    case '/metrics':
      return send(res, 200, 'text/plain; version=0.0.4; charset=utf-8', prometheus(mirror.counted()));
    default:
      return send(res, 404, 'text/plain', 'This server answers /healthz and /metrics.\n');
  }
}

async function command(req: IncomingMessage, res: ServerResponse, options: ControlOptions): Promise<void> {
  const { mirror, draining, reload, stop } = options;
  const asJson = (status: number, value: unknown) =>
    send(res, status, 'application/json', `${JSON.stringify(value)}\n`);
  switch (`${req.method} ${req.url}`) {
    case 'GET /status':
      return asJson(200, {
        run: mirror.run,
        draining: draining(),
        ...statusOf(mirror),
        unreachable: await mirror.reach.look(),
      });
    case 'GET /router':
      return asJson(200, routerOf(mirror));
    case 'POST /router': {
      const request = readRouterRequest(await textOf(req));
      if (request === undefined) return asJson(400, { error: 'This is no change of who answers.' });
      if (draining()) return asJson(409, { error: 'The mirror is being stopped.' });
      return mirror.change(request).then(
        () => asJson(200, routerOf(mirror)),
        (error: unknown) => asJson(409, { error: error instanceof Error ? error.message : String(error) }),
      );
    }
    case 'POST /reload':
      return reload().then(
        () => asJson(200, { reloaded: true }),
        (error: unknown) =>
          asJson(409, { reloaded: false, error: error instanceof Error ? error.message : String(error) }),
      );
    case 'POST /stop':
      asJson(202, { stopping: true });
      return stop();
    default:
      return asJson(404, { error: 'Known here: GET /status, GET and POST /router, POST /reload, POST /stop.' });
  }
}

/** Who answers, as commands see it. */
export interface RouterView {
  state: RouterState;
  /** Name of the run whose records are being written. */
  run: string;
  /** The sides with their present roles, as `sideText` writes them. */
  live: string;
  shadows: readonly { name: string; side: string; share: number }[];
  /** The shadow that was live before the promotion. */
  wayBack: string | undefined;
  /** When a request that the candidate fails goes to the live side. */
  fallback: string;
}

function routerOf(mirror: Pick<Mirror, 'router' | 'run'>): RouterView {
  const { state, config, wayBack } = mirror.router();
  return {
    state,
    run: mirror.run,
    live: sideText(config.live),
    shadows: config.shadows.map((one) => ({ name: one.name, side: sideText(one), share: one.share })),
    wayBack,
    fallback: config.fallback,
  };
}

/** Bytes of a command. */
const MAX_COMMAND = 1_000_000;

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_COMMAND) return '';
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is known of each side, in numbers. */
interface MirrorStatus {
  live: { outcomes: Record<string, number>; lost: Record<string, number> };
  shadows: Record<
    string,
    { outcomes: Record<string, number>; lost: Record<string, number>; waiting: number; underWay: number; bytes: number }
  >;
  notMirrored: Record<string, number>;
  /** POSTs to paths that are not mirrored, by path: of the first paths that came. */
  unmirroredPaths: Record<string, number>;
  refused: Record<string, number>;
  recordsLost: number;
  recordsRemoved: number;
  /** Of divided requests, who was to answer; and those that went to the live side after all. */
  divided: Record<string, number>;
  fallbacks: Record<string, number>;
  router: Omit<RouterView, 'state' | 'run'> & Pick<RouterState, 'division' | 'rollout' | 'promoted' | 'ended'>;
}

function statusOf(mirror: Pick<Mirror, 'counted' | 'router' | 'run'>): MirrorStatus {
  const { live, shadows, notMirrored, unmirroredPaths, refused, recordsLost, recordsRemoved, answering, fallbacks } =
    mirror.counted();
  const { state, run: _, ...router } = routerOf(mirror);
  const { division, rollout, promoted, ended } = state;
  return {
    divided: Object.fromEntries(answering),
    fallbacks: { ...fallbacks },
    router: { ...router, division, rollout, promoted, ended },
    live: { outcomes: live.outcomes, lost: live.losses },
    shadows: Object.fromEntries(
      [...shadows].map(([name, { metrics, ...rest }]) => [
        name,
        { outcomes: metrics.outcomes, lost: metrics.losses, ...rest },
      ]),
    ),
    notMirrored,
    unmirroredPaths: Object.fromEntries(unmirroredPaths),
    refused,
    recordsLost,
    recordsRemoved,
  };
}

/**
 * Opened in a folder that nobody else may enter, and put in place once nobody else may open it: it is never open to others, not
 * for a moment.
 *
 * @throws Problem (cannot-run) where another mirror listens there, or the system refuses
 */
async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (await answers(path))
    throw environmentError(`Another mirror uses the control socket ${path}.`, 'Stop it, or name another socket.');
  let folder: string | undefined;
  try {
    folder = mkdtempSync(`${path}.`);
    const draft = join(folder, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(draft, resolve);
    });
    chmodSync(draft, 0o600);
    // Takes the place of one that was left behind by a mirror that was killed.
    renameSync(draft, path);
  } catch (error) {
    server.close();
    throw environmentError(
      `The control socket ${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`,
      'Name another socket; its path may have about a hundred characters.',
      error,
    );
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
