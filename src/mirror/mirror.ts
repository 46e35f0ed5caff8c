import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { AgreementWatch } from './agreement.ts';
import { Budget, KeptChunks } from './budget.ts';
import { usageError } from '../base/errors.ts';
import { LIVE_FOLDER } from '../analysis/mirrored/record.ts';
import type { MirrorConfig, ShadowConfig, SideTarget } from './config.ts';
import { canaryRequest, type SidePlan } from './canary.ts';
import { Copies } from './copies.ts';
import { Deadlines } from './deadlines.ts';
import { type ExchangeContext, mirrorRequest, type ShadowSide } from './exchange.ts';
import { openFront } from './front.ts';
import {
  type Caller,
  headerValue,
  type RawHeaders,
  towardsLive,
  towardsShadow,
  withoutQueryCredentials,
  withOwn,
} from './headers.ts';
import { type Failure, passToLive } from './live.ts';
import { type Counted, SideMetrics } from './metrics.ts';
import { Recorder, type RecorderOptions } from './record/recorder.ts';
import { type RemovedEvent, Retention, type RetentionOptions } from './record/retention.ts';
import { redactor } from './record/redact.ts';
import { refuse, type Refusal } from './refuse.ts';
import { namedRoute, type Route, ROUTES, routeOf, splitTarget } from './routes.ts';
import { changed, configured } from './router/change.ts';
import { type Roles, rolesOf, sideText } from './router/roles.ts';
import { NO_STATE, type RouterRequest, type RouterState } from './router/state.ts';
import { type Division, isDrawn, isGiven } from './sample.ts';
import { readBy } from './settings.ts';
import { isInBody, parseSlice } from './slices.ts';
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
  /** Where it is written down who answers; undefined: nowhere, and then nothing of it can be changed. */
  router?: RouterStore | undefined;
}

/** Keeps who answers. What `save` has been given, whole, is what `load` gives after whatever comes between. */
export interface RouterStore {
  /** Undefined where nothing was saved yet. @throws Problem where what is there cannot be read */
  load(): Promise<RouterState | undefined>;
  save(state: RouterState): Promise<void>;
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
  /** Likewise: requests that the candidate failed, and that the live side answered. */
  | { kind: 'fell-back'; shadow: string; how: string; count: number }
  /** Who answers is another from now on: the shadow that answers, and its share, slices apart; undefined: none does. */
  | { kind: 'divided'; live: string; division: RouterState['division'] }
  | { kind: 'reloaded' }
  | { kind: 'draining'; underWay: number }
  | { kind: 'stopped'; lost: number };

export interface Mirror {
  /** The port that was really taken. */
  port: number;
  /** Name of the run, with which its record files begin. */
  run: string;
  counted(): Counted;
  /** Who answers, and how it came to that; the configuration with the roles of now. */
  router(): { state: RouterState; config: MirrorConfig; wayBack: string | undefined };
  /**
   * Changes who answers: written down first, then done, in one go.
   * @throws Problem where it does not fit what stands, or cannot be written down: then nothing has changed
   */
  change(request: RouterRequest): Promise<RouterState>;
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

/** A side that callers get answers from. */
interface AnsweringSide {
  upstream: Upstream;
  keepHost: boolean;
  /** Headers of its own, in place of the caller's. */
  own: readonly string[];
  /** The path of a request that is not mirrored. */
  elsewhere: Place['path'];
}

/** A shadow, which may answer as well. */
interface OpenShadow extends ShadowSide, AnsweringSide {
  config: ShadowConfig;
}

/** The sides as one configuration has them, with the roles of its time. */
interface Sides {
  config: MirrorConfig;
  live: AnsweringSide;
  shadows: readonly OpenShadow[];
  /** How live requests are divided, between whom; undefined: the live side answers all of them. */
  divided: { division: Division; candidate: OpenShadow; production: ShadowSide } | undefined;
  routes: readonly Route[];
}

/** A time in which sides and records are the same; what it began, it ends, whatever comes after it. */
interface Era {
  sides: Sides;
  recorder: Recorder | undefined;
  context: ExchangeContext;
  /** Mirrored requests of which a side has not ended. */
  underWay: number;
  /** Requests that are read whole before they are passed on, or were. */
  read: number;
}

/** Opens a mirror: it answers from now on. @throws Problem where an address or the records' folder cannot be taken */
export async function openMirror(given: MirrorConfig, ports: MirrorPorts): Promise<Mirror> {
  const { clock, onEvent } = ports;
  const now = ports.stopwatch;
  const wall = steadyWall(clock, now, (by) => onEvent({ kind: 'clock-jumped', by }));
  const liveMetrics = new SideMetrics();
  const shadowMetrics = new Map<string, SideMetrics>();
  const notMirrored = { method: 0, path: 0 };
  const refused: Partial<Record<Refusal, number>> = {};
  const count = (why: Refusal) => void (refused[why] = (refused[why] ?? 0) + 1);
  const answering = new Map<string, number>();
  const fallbacks: Record<Failure, number> = { refused: 0, broken: 0, timeout: 0, '5xx': 0 };
  const memory = new Budget(given.bounds.memory / 4);
  const deadlines = new Deadlines(now);
  const agreement = new AgreementWatch(now);
  const retention = retentionOf(given, {
    openRuns: () => recordersOf(eras).map((recorder) => recorder.run),
    wall: () => clock.now(),
    now,
    told: onEvent,
  });
  const keyOf = keysOnce();
  let configuredAs = given;
  let state = await firstState(given, ports.router, wall.now());
  let idle: (() => void) | undefined;
  let stopped = false;
  let lostBefore = 0;
  const eras: Era[] = [];
  const current = () => eras.at(-1) as Era;

  const contextOf = ({ config }: Sides, recorder: Recorder | undefined, era: () => Era): ExchangeContext => ({
    live: liveMetrics,
    recorder,
    keeping: {
      bodies: config.records?.bodies ?? true,
      redact: redactor(config.records?.redact ?? []),
      most: Math.max(config.bounds.request, config.bounds.answer),
    },
    agreement,
    memory,
    bounds: config.bounds,
    idHeader: config.idHeader,
    cancelWithClient: config.cancelWithClient,
    keyOf,
    ended: () => {
      era().underWay -= 1;
      if (eras.every((one) => one.underWay === 0)) idle?.();
    },
    stopped: () => stopped,
  });
  /** Opens what a configuration and a state ask for, and changes nothing yet. */
  const prepared = async (config: MirrorConfig, next: RouterState): Promise<Era> => {
    const roles = rolesOf(config, next);
    const sides = await openSides(roles.config, next, ports, now, { shadows: shadowMetrics, live: liveMetrics });
    const before = eras.at(-1);
    const same = before !== undefined && sidesText(before.sides.config) === sidesText(roles.config);
    if (same) before.recorder?.describe(described(roles));
    const recorder = same
      ? before.recorder
      : await openRecorder(roles, { run: runName(wall.now()), wall: wall.now, now, ports });
    const era: Era = {
      sides,
      recorder,
      context: contextOf(sides, recorder, () => era),
      underWay: 0,
      read: 0,
    };
    return era;
  };
  /** Ends what is over and has nothing under way; what a caller is still being answered goes on, however long that takes. */
  const leave = async () => {
    for (const era of eras.slice(0, -1)) {
      const { sides, recorder } = era;
      if (era.underWay + era.read > 0) continue;
      eras.splice(eras.indexOf(era), 1);
      for (const { copies } of copiesOf(sides)) copies.stop();
      for (const { upstream } of [sides.live, ...sides.shadows]) upstream.retire();
      if (recorder === undefined || eras.some((one) => one.recorder === recorder)) continue;
      await recorder.close();
      lostBefore += recorder.lost;
    }
  };
  eras.push(await prepared(configuredAs, state));
  const firstRun = current().recorder?.run ?? runName(wall.now());
  let requests = 0;

  /** One change after the other, each whole. */
  let changing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = changing.then(work);
    changing = done.catch(() => undefined);
    return done;
  };
  const become = async (config: MirrorConfig, next: RouterState): Promise<void> => {
    const era = await prepared(config, next);
    if (next !== state) {
      if (ports.router === undefined)
        throw usageError(
          'This mirror has no folder in which it is written down who answers.',
          'Start it with --records FOLDER.',
        );
      try {
        await ports.router.save(next);
      } catch (error) {
        closeSides(era.sides);
        if (era.recorder !== eras.at(-1)?.recorder) await era.recorder?.close();
        throw error;
      }
    }
    const told = state.division !== next.division || state.promoted !== next.promoted;
    [configuredAs, state] = [config, next];
    eras.push(era);
    if (told) onEvent({ kind: 'divided', live: sideText(era.sides.config.live), division: next.division });
  };

  const handle = (req: IncomingMessage, res: ServerResponse) => {
    const era = current();
    const { live, divided, routes } = era.sides;
    const [path] = splitTarget(req.url ?? '/');
    const route = routeOf(routes, req.method ?? '', path);
    if (targetOf(live, req, route !== undefined) === undefined) {
      count('no-such-route');
      return refuse(res, 'no-such-route', `The live side is an endpoint of SageMaker, which has no ${path}.`);
    }
    if (route === undefined) notMirrored[req.method === 'POST' ? 'path' : 'method'] += 1;
    requests += 1;
    const id = `${era.recorder?.run ?? firstRun}-${requests.toString(36)}`;
    const about = { era, id, at: wall.now(), route, now };
    const isFor = route === undefined || divided === undefined ? false : isGiven(divided.division, id, req.rawHeaders);
    if (isFor === 'by-body' || live.upstream.sign !== undefined || divided?.candidate.upstream.sign !== undefined) {
      era.read += 1;
      res.once('close', () => void (era.read -= 1));
    }
    if (isFor !== 'by-body' || divided === undefined) return pass(req, res, about, isFor === true, {});
    if (/^100-continue$/i.test(req.headers.expect ?? '')) res.writeContinue();
    readBegun(req, era.sides.config.bounds.request, memory, (read) =>
      pass(req, res, about, read.body !== undefined && isInBody(divided.division.slices, read.body), read),
    );
  };

  /** Passes a request on to the side that is to answer it. */
  const pass = (
    req: IncomingMessage,
    res: ServerResponse,
    about: { era: Era; id: string; at: number; route: Route | undefined; now: () => number },
    given: boolean,
    read: { body?: Buffer; begun?: Buffer },
  ) => {
    const { era, id, at, route } = about;
    const { live, shadows, divided, config } = era.sides;
    const caller = { address: req.socket.remoteAddress ?? 'unknown', secure: config.tls !== undefined };
    // That it has no such route is an answer of its own, which its copy tells.
    const candidate =
      given && divided !== undefined && targetOn(divided.candidate.upstream, req.url ?? '/') !== undefined
        ? divided.candidate
        : undefined;
    const drawn =
      route === undefined ? [] : shadows.filter((one) => one !== candidate && isDrawn(one.config, id, req.rawHeaders));
    if (route !== undefined && divided !== undefined) {
      const name = candidate?.name ?? LIVE_FOLDER;
      answering.set(name, (answering.get(name) ?? 0) + 1);
    }
    const begin = (plan: SidePlan) => {
      if (route === undefined || (drawn.length === 0 && candidate === undefined))
        return passToLive(req, res, {
          ...plan,
          request: undefined,
          answer: undefined,
          onSent: () => undefined,
          onEnd: (end) => {
            if (end.outcome === 'refused' || (end.outcome === 'broken' && end.status === undefined))
              count('live-unreachable');
          },
        });
      era.underWay += 1;
      const mirrored = { id, at, route, shadows: drawn };
      if (candidate === undefined || divided === undefined) return mirrorRequest(req, res, mirrored, plan, era.context);
      canaryRequest(
        req,
        res,
        mirrored,
        {
          candidate,
          plan,
          timeout: candidate.config.timeout,
          deadlines,
          production: divided.production,
          fallback: config.fallback,
          toProduction: (body) => planFor(live, req, caller, { body }, about),
          fellBack: (how) => void (fallbacks[how] += 1),
        },
        era.context,
      );
    };
    const side = candidate ?? live;
    const failed = (error: unknown) => {
      count('live-unreachable');
      refuse(
        res,
        'live-unreachable',
        `The request could not be signed: ${error instanceof Error ? error.message : String(error)}.`,
      );
    };
    if (side.upstream.sign === undefined) return begin(planOf(side, req, caller, read, about));
    if (read.body !== undefined) return void planFor(side, req, caller, { body: read.body }, about).then(begin, failed);
    if (read.begun !== undefined) {
      count('body-too-large');
      return refuse(res, 'body-too-large', TOO_LARGE_TO_SIGN);
    }
    // The body is read before anybody can be asked whether it is wanted.
    if (/^100-continue$/i.test(req.headers.expect ?? '')) res.writeContinue();
    readWhole(req, config.bounds.request, memory, (body) => {
      if (body !== undefined) return void planFor(side, req, caller, { body }, about).then(begin, failed);
      count('body-too-large');
      refuse(res, 'body-too-large', TOO_LARGE_TO_SIGN);
    });
  };

  const front = await openFront({
    listen: given.listen,
    tls: given.tls,
    bounds: given.bounds,
    handle,
    refused: count,
  });
  const failures = failureReports(now, onEvent);
  const falls = fallReports(now, fallbacks, onEvent);

  const tick = async () => {
    wall.check();
    deadlines.expire();
    for (const { sides } of eras) {
      for (const { copies } of copiesOf(sides)) copies.expire();
      for (const { upstream } of [sides.live, ...sides.shadows]) upstream.sweep();
    }
    for (const { name, metrics } of current().sides.shadows) failures(name, metrics);
    const { divided } = current().sides;
    if (divided !== undefined) falls(divided.candidate.name);
    await Promise.all(recordersOf(eras).map((recorder) => recorder.tick()));
    await leave();
    retention?.tick();
  };

  return {
    port: front.port,
    get run() {
      return current().recorder?.run ?? firstRun;
    },
    tick,
    counted: () => ({
      live: liveMetrics,
      shadows: new Map(
        current().sides.shadows.map(({ name, metrics }) => {
          const all = eras.flatMap(({ sides }) => sides.shadows.filter((one) => one.name === name));
          const sum = (of: (copies: Copies) => number) => all.reduce((n, { copies }) => n + of(copies), 0);
          return [
            name,
            {
              metrics,
              waiting: sum(({ waiting }) => waiting),
              underWay: sum((copies) => copies.underWay),
              bytes: sum(({ bytes }) => bytes),
            },
          ];
        }),
      ),
      notMirrored,
      refused,
      recordsLost: lostBefore + recordersOf(eras).reduce((n, { lost }) => n + lost, 0),
      recordsRemoved: retention?.records ?? 0,
      answering,
      fallbacks,
    }),
    router: () => ({ state, ...rolesOf(configuredAs, state) }),
    change: (request) =>
      inTurn(async () => {
        await become(configuredAs, changed(state, configuredAs, request, wall.now()));
        return state;
      }),
    reload: (next) =>
      inTurn(async () => {
        await become(next, configured(state, next, wall.now()));
        if (next.tls !== undefined) front.setTls(next.tls);
        onEvent({ kind: 'reloaded' });
      }),
    async serve(signal) {
      while (!signal.aborted) {
        await clock.sleep(TICK, signal).catch(() => undefined);
        await tick();
      }
      const underWay = () => eras.reduce((n, era) => n + era.underWay, 0);
      onEvent({ kind: 'draining', underWay: underWay() });
      const deadline = now() + current().sides.config.bounds.drain;
      const closed = front.stopAccepting();
      let settled = false;
      void Promise.all([
        closed,
        new Promise<void>((resolve) => {
          idle = resolve;
          if (underWay() === 0) resolve();
        }),
      ]).then(() => (settled = true));
      while (!settled && now() < deadline) {
        await clock.sleep(TICK / 4);
        await tick();
      }
      stopped = true;
      front.closeAll();
      for (const { sides } of eras) closeSides(sides);
      // What was cut off a moment ago still tells its end.
      await clock.sleep(TICK / 4);
      await retention?.settled();
      const recorders = recordersOf(eras);
      for (const recorder of recorders) await recorder.close();
      onEvent({ kind: 'stopped', lost: lostBefore + recorders.reduce((n, { lost }) => n + lost, 0) });
    },
  };
}

const TOO_LARGE_TO_SIGN = 'The request is larger than the mirror may hold while it signs it.';

/** Who answers at the start: as it was saved last, with what the configuration says anew. */
async function firstState(config: MirrorConfig, store: RouterStore | undefined, at: number): Promise<RouterState> {
  const saved = (await store?.load()) ?? NO_STATE;
  const next = configured(saved, config, at);
  if (next !== saved) await store?.save(next);
  return next;
}

function runName(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** What records must be of the same of, to be of one run. */
function sidesText({ live, shadows }: MirrorConfig): string {
  return JSON.stringify([sideText(live), ...shadows.map((one) => [one.name, sideText(one)])]);
}

/** Each once: several eras may have the same. */
function recordersOf(eras: readonly Era[]): Recorder[] {
  return [...new Set(eras.flatMap(({ recorder }) => recorder ?? []))];
}

/** Everything that gets copies. */
function copiesOf({ shadows, divided }: Sides): readonly ShadowSide[] {
  return divided === undefined ? shadows : [...shadows, divided.production];
}

function closeSides(sides: Sides): void {
  for (const { copies } of copiesOf(sides)) copies.stop();
  for (const { upstream } of sides.shadows) upstream.close();
  sides.live.upstream.close();
}

async function openRecorder(
  roles: Roles,
  { run, wall, now, ports }: { run: string; wall: () => number; now: () => number; ports: MirrorPorts },
): Promise<Recorder | undefined> {
  const { records, live, bounds } = roles.config;
  if (records === undefined) return undefined;
  return Recorder.open({
    folder: records.folder,
    run,
    live: sideText(live),
    shadows: described(roles),
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
function described({ config, wayBack }: Roles): RecorderOptions['shadows'] {
  return config.shadows.map((one) => ({
    name: one.name,
    url: sideText(one),
    share: one.share,
    timeoutMs: one.timeout,
    ...(one.name === wayBack ? { wayBack: true } : {}),
  }));
}

/** @param metrics of the sides, which outlive them */
async function openSides(
  config: MirrorConfig,
  { division }: RouterState,
  ports: MirrorPorts,
  now: () => number,
  metrics: { live: SideMetrics; shadows: Map<string, SideMetrics> },
): Promise<Sides> {
  const { bounds } = config;
  const drop = new Set(config.dropHeaders);
  // The live side gets copies only of what somebody else answers.
  const getCopies = config.shadows.length + (division === undefined ? 0 : 1);
  const copiesTo = ({ url, connect }: Place, how: Pick<ShadowConfig, 'concurrency' | 'queue' | 'timeout'>) =>
    new Copies(
      new Wire({ url, connect, idle: bounds.liveIdle, now }),
      { ...how, answer: bounds.answer, memory: bounds.memory / 2 / getCopies },
      now,
    );
  const live: AnsweringSide = {
    upstream: openUpstream(await ports.placeOf(config.live.target, config.live.path), bounds.liveIdle, now),
    keepHost: config.live.keepHost,
    own: Object.entries(config.live.headers).flat(),
    elsewhere: (await ports.placeOf(config.live.target, undefined)).path,
  };
  const shadows: OpenShadow[] = [];
  for (const shadow of config.shadows) {
    const upstream = openUpstream(await ports.placeOf(shadow.target, shadow.path), bounds.liveIdle, now);
    const own = Object.entries(shadow.headers).flat();
    const counted = metrics.shadows.get(shadow.name) ?? new SideMetrics();
    metrics.shadows.set(shadow.name, counted);
    shadows.push({
      config: shadow,
      name: shadow.name,
      metrics: counted,
      upstream,
      keepHost: false,
      own,
      elsewhere: upstream.path,
      copies: copiesTo(upstream, shadow),
      copyOf: copiesFor(upstream, { shadow: shadow.name, drop, own, trusted: shadow.trusted }),
    });
  }
  const candidate = shadows.find(({ name }) => name === division?.shadow);
  return {
    config,
    live,
    shadows,
    divided:
      division === undefined || candidate === undefined
        ? undefined
        : {
            division: {
              ...division,
              by: readBy(division.by, 'by'),
              slices: division.slices.map((words) => parseSlice(words, 'slices')),
            },
            candidate,
            production: {
              name: LIVE_FOLDER,
              metrics: metrics.live,
              copies: copiesTo(live.upstream, candidate.config),
              copyOf: copiesFor(live.upstream, { shadow: LIVE_FOLDER, drop, own: live.own, trusted: true }),
            },
          },
    routes: [...ROUTES, ...config.paths.map(namedRoute)],
  };
}

/** What a copy of a request is for one side. */
function copiesFor(
  place: Place,
  how: { shadow: string; drop: ReadonlySet<string>; own: readonly string[]; trusted: boolean },
): ShadowSide['copyOf'] {
  return (req, id, body) => {
    const [path, query] = splitTarget(req.url ?? '/');
    const target = targetOn(place, path + (how.trusted ? query : withoutQueryCredentials(query)));
    if (target === undefined) return undefined;
    const headers = () => towardsShadow(req.rawHeaders, { ...how, id, host: place.url.host, length: body.length });
    return {
      target,
      headers: place.sign === undefined ? headers : () => signed(place, req, target, headers(), body),
    };
  };
}

/** The target of a request on a side that answers it; undefined where it has no such route. */
function targetOf({ upstream, elsewhere }: AnsweringSide, req: IncomingMessage, mirrored: boolean): string | undefined {
  return targetOn(mirrored ? upstream : { path: elsewhere }, req.url ?? '/');
}

/** How a request is passed on to a side that answers it. */
function planOf(
  side: AnsweringSide,
  req: IncomingMessage,
  caller: Caller,
  { body, begun }: { body?: Buffer; begun?: Buffer },
  { route, now }: { route: Route | undefined; now: () => number },
): SidePlan {
  const { upstream, keepHost, own } = side;
  const headers = withOwn(towardsLive(req.rawHeaders, caller, keepHost ? undefined : upstream.host), own);
  frame(req, headers);
  return {
    upstream,
    target: targetOf(side, req, route !== undefined) ?? '/',
    headers:
      body === undefined ? (begun === undefined ? headers : without(headers, EXPECT)) : framedWhole(headers, body),
    body,
    begun,
    now,
  };
}

/** The same of a request that is here whole, signed where this side asks for that. */
async function planFor(
  side: AnsweringSide,
  req: IncomingMessage,
  caller: Caller,
  { body }: { body: Buffer },
  about: { route: Route | undefined; now: () => number },
): Promise<SidePlan> {
  const plan = planOf(side, req, caller, { body }, about);
  return { ...plan, headers: await signed(side.upstream, req, plan.target, plan.headers, body) };
}

const EXPECT = new Set(['expect']);
const OF_THE_FRAME = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect']);

function without(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

function framedWhole(headers: RawHeaders, body: Buffer): string[] {
  return [...without(headers, OF_THE_FRAME), 'Content-Length', String(body.length)];
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
  return [...without(headers, OF_A_SIGNATURE), 'Content-Length', String(body.length), ...own];
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
 * Reads a request to its end, to decide who answers it; of one that is larger than the bound, or than what is free, only the
 * beginning, and holds up the rest.
 */
function readBegun(
  req: IncomingMessage,
  most: number,
  memory: Budget,
  then: (read: { body: Buffer } | { body?: undefined; begun: Buffer }) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const done = () => {
    req.off('data', take).off('end', whole).off('close', gone);
    memory.give(bytes);
    return Buffer.concat(chunks);
  };
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    const fits = bytes + chunk.length <= most && memory.take(chunk.length);
    if (fits) {
      bytes += chunk.length;
      return;
    }
    req.pause();
    then({ begun: done() });
  };
  const whole = () => then({ body: done() });
  const gone = () => void done();
  req.on('data', take).once('end', whole).once('close', gone);
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

/** Tells now and then that the live side answers what the candidate failed. */
function fallReports(now: () => number, fallbacks: Record<Failure, number>, onEvent: MirrorPorts['onEvent']) {
  let told: { at: number; counts: Record<string, number> } | undefined;
  return (shadow: string) => {
    if (told !== undefined && now() - told.at < REPORT_FAILURES_EVERY) return;
    let any = false;
    for (const [how, n] of Object.entries(fallbacks)) {
      const more = n - (told?.counts[how] ?? 0);
      if (more === 0) continue;
      any = true;
      onEvent({ kind: 'fell-back', shadow, how, count: more });
    }
    if (any) told = { at: now(), counts: { ...fallbacks } };
  };
}
