import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { AgreementWatch } from './agreement.ts';
import { Budget, KeptChunks } from './budget.ts';
import type { MirrorConfig, ShadowConfig, SideTarget } from './config.ts';
import { Copies } from './copies.ts';
import { type ExchangeContext, mirrorRequest, type ShadowSide } from './exchange.ts';
import { openFront } from './front.ts';
import { headerValue, type RawHeaders, towardsLive, towardsShadow, withoutQueryCredentials } from './headers.ts';
import { passToLive } from './live.ts';
import { type Counted, SideMetrics } from './metrics.ts';
import { Recorder } from './record/recorder.ts';
import { type RemovedEvent, Retention, type RetentionOptions } from './record/retention.ts';
import { redactor } from './record/redact.ts';
import { refuse, type Refusal } from './refuse.ts';
import { namedRoute, type Route, ROUTES, routeOf, splitTarget } from './routes.ts';
import { isDrawn } from './sample.ts';
import { openUpstream, type Place, targetOn, type Upstream } from './upstream.ts';
import { Wire } from './wire.ts';

/** What the mirror is handed: it knows nothing of AWS. */
export interface MirrorPorts {
  clock: Clock;
  /** Milliseconds since some beginning, whatever happens to the clock. */
  stopwatch: () => number;
  /** Where a side is; signs for SageMaker. @param path in place of that of requests */
  placeOf: (target: SideTarget, path: string | undefined) => Promise<Place>;
  /** Is told of a finished record file, by its path below the records' folder; undefined: nobody. */
  finished: ((path: string) => void) | undefined;
  onEvent: (event: MirrorEvent) => void;
}

/** What happens beside requests. */
export type MirrorEvent =
  | { kind: 'records-lost'; why: 'disk' | 'memory'; error: string | undefined }
  | { kind: 'records-resumed' }
  | RemovedEvent
  /** The machine's clock was put on, or back, by so many milliseconds; the records' times never go back. */
  | { kind: 'clock-jumped'; by: number }
  /** For the first time, and at most once a minute: copies that a shadow did not answer, since the last such event. */
  | { kind: 'shadow-failing'; shadow: string; outcome: string; count: number }
  | { kind: 'reloaded' }
  | { kind: 'draining'; underWay: number }
  | { kind: 'stopped'; lost: number };

export interface Mirror {
  /** The port that was really taken. */
  port: number;
  /** Name of the run, with which its record files begin. */
  run: string;
  counted(): Counted;
  /** Takes another configuration; addresses, records and memory stay as they are. Requests under way end as they began. */
  reload(config: MirrorConfig): Promise<void>;
  /** Does what is due: deadlines, records. Called ten times a second by `serve`. */
  tick(): Promise<void>;
  /** Works until `signal` aborts, then ends in an orderly way: requests under way may finish, records are written. */
  serve(signal: AbortSignal): Promise<void>;
}

const TICK = 100;
/** Milliseconds by which clocks may differ before it counts as a jump. */
const JUMP = 2_000;
/** Ids of callers that are remembered, so that a repeated one is not taken for the same pair. */
const REMEMBERED_IDS = 100_000;
const REPORT_FAILURES_EVERY = 60_000;

/** The sides as one configuration has them. */
interface Sides {
  config: MirrorConfig;
  live: Upstream;
  shadows: readonly (ShadowSide & { config: ShadowConfig })[];
  routes: readonly Route[];
}

/** Opens a mirror: it answers from now on. @throws Problem where an address or the records' folder cannot be taken */
export async function openMirror(config: MirrorConfig, ports: MirrorPorts): Promise<Mirror> {
  const { clock, onEvent } = ports;
  const now = ports.stopwatch;
  const wall = steadyWall(clock, now, (by) => onEvent({ kind: 'clock-jumped', by }));
  const run = `${new Date(wall.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
  const liveMetrics = new SideMetrics();
  const shadowMetrics = new Map<string, SideMetrics>();
  const notMirrored = { method: 0, path: 0 };
  const refused: Partial<Record<Refusal, number>> = {};
  const count = (why: Refusal) => void (refused[why] = (refused[why] ?? 0) + 1);
  const memory = new Budget(config.bounds.memory / 4);
  const agreement = new AgreementWatch(now);
  const recorder = config.records && (await openRecorder(config, { run, wall: wall.now, now, ports }));
  const retention = retentionOf(config, { openRuns: () => [run], wall: () => clock.now(), now, told: onEvent });
  let sides = await openSides(config, ports, now, shadowMetrics);
  let requests = 0;
  let underWay = 0;
  let idle: (() => void) | undefined;
  const ended = () => {
    underWay -= 1;
    if (underWay === 0) idle?.();
  };
  const keyOf = keysOnce();
  const context = (): ExchangeContext => ({
    live: liveMetrics,
    recorder,
    keeping: {
      bodies: config.records?.bodies ?? true,
      redact: redactor(config.records?.redact ?? []),
      most: Math.max(sides.config.bounds.request, sides.config.bounds.answer),
    },
    agreement,
    memory,
    bounds: sides.config.bounds,
    idHeader: sides.config.idHeader,
    cancelWithClient: sides.config.cancelWithClient,
    keyOf,
    ended,
  });
  let shared = context();

  const handle = (req: IncomingMessage, res: ServerResponse) => {
    const { live, shadows, routes, config: settings } = sides;
    const [path] = splitTarget(req.url ?? '/');
    const target = targetOn(live, req.url ?? '/');
    if (target === undefined) {
      count('no-such-route');
      return refuse(res, 'no-such-route', `The live side is an endpoint of SageMaker, which has no ${path}.`);
    }
    const route = routeOf(routes, req.method ?? '', path);
    if (route === undefined) notMirrored[req.method === 'POST' ? 'path' : 'method'] += 1;
    requests += 1;
    const id = `${run}-${requests.toString(36)}`;
    const drawn = route === undefined ? [] : shadows.filter((one) => isDrawn(one.config, id, req.rawHeaders));
    const secure = settings.tls !== undefined;
    const caller = { address: req.socket.remoteAddress ?? 'unknown', secure };
    const headers = towardsLive(req.rawHeaders, caller, settings.live.keepHost ? undefined : live.host);
    frame(req, headers);
    const begin = (body: Buffer | undefined, ready: RawHeaders) => {
      const plan = { upstream: live, target, headers: ready, body, now };
      if (route !== undefined && drawn.length > 0) {
        underWay += 1;
        return mirrorRequest(req, res, { id, at: wall.now(), route, shadows: drawn }, plan, shared);
      }
      passToLive(req, res, {
        ...plan,
        request: undefined,
        answer: undefined,
        onSent: () => undefined,
        onEnd: (end) => {
          if (end.outcome === 'refused' || (end.outcome === 'broken' && end.status === undefined))
            count('live-unreachable');
        },
      });
    };
    if (live.sign === undefined) return begin(undefined, headers);
    // The body is read before anybody can be asked whether it is wanted.
    if (/^100-continue$/i.test(req.headers.expect ?? '')) res.writeContinue();
    readWhole(req, settings.bounds.request, memory, (body) => {
      if (body === undefined) {
        count('body-too-large');
        return refuse(res, 'body-too-large', 'The request is larger than the mirror may hold while it signs it.');
      }
      signed(live, req, target, headers, body).then(
        (ready) => begin(body, ready),
        (error: unknown) => {
          count('live-unreachable');
          refuse(
            res,
            'live-unreachable',
            `The request could not be signed: ${error instanceof Error ? error.message : String(error)}.`,
          );
        },
      );
    });
  };

  const front = await openFront({
    listen: config.listen,
    tls: config.tls,
    bounds: config.bounds,
    handle,
    refused: count,
  });
  const failures = failureReports(now, onEvent);

  const tick = async () => {
    wall.check();
    sides.live.sweep();
    for (const { name, copies, metrics } of sides.shadows) {
      copies.expire();
      failures(name, metrics);
    }
    await recorder?.tick();
    retention?.tick();
  };

  return {
    port: front.port,
    run,
    tick,
    counted: () => ({
      live: liveMetrics,
      shadows: new Map(
        sides.shadows.map(({ name, copies, metrics }) => [
          name,
          { metrics, waiting: copies.waiting, underWay: copies.underWay, bytes: copies.bytes },
        ]),
      ),
      notMirrored,
      refused,
      recordsLost: recorder?.lost ?? 0,
      recordsRemoved: retention?.records ?? 0,
    }),
    async reload(next) {
      const before = sides;
      const opened = await openSides(next, ports, now, shadowMetrics);
      sides = opened;
      shared = context();
      recorder?.describe(described(next.shadows));
      if (next.tls !== undefined) front.setTls(next.tls);
      onEvent({ kind: 'reloaded' });
      // What is under way on the old connections may end there.
      void clock.sleep(next.bounds.drain).then(() => {
        before.live.close();
        for (const { copies } of before.shadows) copies.stop();
      });
    },
    async serve(signal) {
      while (!signal.aborted) {
        await clock.sleep(TICK, signal).catch(() => undefined);
        await tick();
      }
      onEvent({ kind: 'draining', underWay });
      const deadline = now() + sides.config.bounds.drain;
      const closed = front.stopAccepting();
      let settled = false;
      void Promise.all([
        closed,
        new Promise<void>((resolve) => {
          idle = resolve;
          if (underWay === 0) resolve();
        }),
      ]).then(() => (settled = true));
      while (!settled && now() < deadline) {
        await clock.sleep(TICK / 4);
        await tick();
      }
      front.closeAll();
      for (const { copies } of sides.shadows) copies.stop();
      sides.live.close();
      // What was cut off a moment ago still tells its end.
      await clock.sleep(TICK / 4);
      await retention?.settled();
      await recorder?.close();
      onEvent({ kind: 'stopped', lost: recorder?.lost ?? 0 });
    },
  };
}

async function openRecorder(
  { records, shadows, live, bounds }: MirrorConfig,
  { run, wall, now, ports }: { run: string; wall: () => number; now: () => number; ports: MirrorPorts },
): Promise<Recorder | undefined> {
  if (records === undefined) return undefined;
  return Recorder.open({
    folder: records.folder,
    run,
    live: targetText(live.target),
    shadows: described(shadows),
    rotateBytes: records.rotateBytes,
    rotateAfter: records.rotateAfter,
    memory: bounds.memory / 4,
    wall,
    now,
    finished: ports.finished ?? (() => undefined),
    told: ports.onEvent,
  });
}

/** Undefined where nothing bounds the folder of records. */
function retentionOf(
  { records }: MirrorConfig,
  more: Omit<RetentionOptions, 'folder' | 'keepBytes' | 'keepFor'>,
): Retention | undefined {
  if (records === undefined || (records.keepBytes === undefined && records.keepFor === undefined)) return undefined;
  return new Retention({ ...records, ...more });
}

/** Shadows as records name them. */
function described(shadows: MirrorConfig['shadows']) {
  return shadows.map(({ name, target, share, timeout }) => ({
    name,
    url: targetText(target),
    share,
    timeoutMs: timeout,
  }));
}

/** A side for people and records, without what a URL may carry beside a place. */
export function targetText(target: SideTarget): string {
  if (target.kind === 'sagemaker') return `sagemaker:${target.endpoint}`;
  const { origin, pathname } = new URL(target.url);
  return origin + (pathname === '/' ? '' : pathname);
}

async function openSides(
  config: MirrorConfig,
  ports: MirrorPorts,
  now: () => number,
  metrics: Map<string, SideMetrics>,
): Promise<Sides> {
  const { bounds } = config;
  const live = openUpstream(await ports.placeOf(config.live.target, undefined), bounds.liveIdle, now);
  const drop = new Set(config.dropHeaders);
  const shadows: (ShadowSide & { config: ShadowConfig })[] = [];
  for (const shadow of config.shadows) {
    const place = await ports.placeOf(shadow.target, shadow.path);
    const own = Object.entries(shadow.headers).flat();
    const counted = metrics.get(shadow.name) ?? new SideMetrics();
    metrics.set(shadow.name, counted);
    shadows.push({
      config: shadow,
      name: shadow.name,
      metrics: counted,
      copies: new Copies(
        new Wire({ url: place.url, idle: bounds.liveIdle, now }),
        { ...shadow, answer: bounds.answer, memory: bounds.memory / 2 / config.shadows.length },
        now,
      ),
      copyOf(req, id, body) {
        const [path, query] = splitTarget(req.url ?? '/');
        const target = targetOn(place, path + withoutQueryCredentials(query));
        if (target === undefined) return undefined;
        const headers = () =>
          towardsShadow(req.rawHeaders, {
            shadow: shadow.name,
            id,
            host: place.url.host,
            length: body.length,
            drop,
            own,
          });
        return {
          target,
          headers: place.sign === undefined ? headers : () => signed(place, req, target, headers(), body),
        };
      },
    });
  }
  return { config, live, shadows, routes: [...ROUTES, ...config.paths.map(namedRoute)] };
}

/** A request that says nothing of a body has none; Node would give one in chunks to a POST. */
function frame(req: IncomingMessage, headers: string[]): void {
  if (req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined) return;
  if (!/^(GET|HEAD|OPTIONS|TRACE|DELETE)$/.test(req.method ?? '')) headers.push('Content-Length', '0');
}

/** The headers with a signature of the mirror's own in place of the caller's. */
async function signed(
  { sign, url: { host } }: Place,
  req: IncomingMessage,
  target: string,
  headers: RawHeaders,
  body: Buffer,
): Promise<RawHeaders> {
  if (sign === undefined) return headers;
  const [path, query] = splitTarget(target);
  const own = await sign({
    method: req.method ?? 'POST',
    host,
    path,
    query,
    contentType: headerValue(headers, 'content-type'),
    body,
  });
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (OF_A_SIGNATURE.has(name.toLowerCase())) continue;
    kept.push(name, headers[i + 1] as string);
  }
  return [...kept, 'Content-Length', String(body.length), ...own];
}

/** Of the caller's signature, or of how the caller framed what is now sent whole. */
const OF_A_SIGNATURE = new Set([
  'authorization',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'content-length',
  'transfer-encoding',
  'expect',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-for',
]);

/** Reads a request to its end; undefined where it is larger than the bound, or than what is free. */
function readWhole(req: IncomingMessage, most: number, memory: Budget, then: (body: Buffer | undefined) => void): void {
  const kept = new KeptChunks(memory, most);
  req.on('data', (chunk: Buffer) => kept.add(chunk));
  req.once('close', () => kept.release());
  req.once('end', () => then(kept.whole()));
}

/**
 * The time of day as records have it: it goes on with the machine's own pace, follows a clock that was put on, and never goes
 * back, so that what came later is later.
 */
function steadyWall(clock: Clock, now: () => number, jumped: (by: number) => void) {
  let offset = clock.now() - now();
  let behind = false;
  return {
    now: () => Math.round(offset + now()),
    check() {
      const by = clock.now() - (offset + now());
      if (by > JUMP) {
        offset += by;
        jumped(Math.round(by));
      } else if (by < -JUMP && !behind) jumped(Math.round(by));
      behind = by < -JUMP;
    },
  };
}

/** Gives each pair a key of its own: the caller's id, and where that came before in this run, with the mirror's own behind it. */
function keysOnce(): ExchangeContext['keyOf'] {
  let seen = new Set<string>();
  let older = new Set<string>();
  return (callers, id) => {
    if (callers === undefined) return id;
    if (seen.has(callers) || older.has(callers)) return `${callers}~${id}`;
    if (seen.size >= REMEMBERED_IDS / 2) {
      older = seen;
      seen = new Set();
    }
    seen.add(callers);
    return callers;
  };
}

/** Tells now and then that a shadow leaves copies unanswered. */
function failureReports(now: () => number, onEvent: MirrorPorts['onEvent']) {
  const told = new Map<string, { at: number; counts: Record<string, number> }>();
  return (shadow: string, { outcomes }: SideMetrics) => {
    const before = told.get(shadow);
    if (before !== undefined && now() - before.at < REPORT_FAILURES_EVERY) return;
    const counts: Record<string, number> = { ...outcomes };
    let any = false;
    for (const outcome of ['timeout', 'refused', 'broken', 'too-large', 'too-slow'] as const) {
      const more = outcomes[outcome] - (before?.counts[outcome] ?? 0);
      if (more === 0) continue;
      any = true;
      onEvent({ kind: 'shadow-failing', shadow, outcome, count: more });
    }
    if (any) told.set(shadow, { at: now(), counts });
  };
}
