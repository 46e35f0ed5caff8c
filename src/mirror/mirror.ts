import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { AgreementWatch } from './agreement.ts';
import { Budget } from './budget.ts';
import { usageError } from '../base/errors.ts';
import { LIVE_FOLDER } from '../analysis/mirrored/record.ts';
import type { MirrorConfig } from './config.ts';
import { canaryRequest, type SidePlan } from './canary.ts';
import type { Copies } from './copies.ts';
import { Deadlines } from './deadlines.ts';
import { failureReports, fallReports, type MirrorEvent } from './events.ts';
import { type ExchangeContext, keysOnce, mirrorRequest } from './exchange.ts';
import { openFront } from './front.ts';
import { type Failure, passToLive } from './live.ts';
import { type Counted, SideMetrics } from './metrics.ts';
import { planFor, planOf, targetOf } from './plan.ts';
import { readBegun, readWhole } from './read-body.ts';
import { openReach, type Reach } from './reach.ts';
import { Recorder, type RecorderOptions } from './record/recorder.ts';
import { Retention, type RetentionOptions } from './record/retention.ts';
import { redactor } from './record/redact.ts';
import { refuse, type Refusal } from './refuse.ts';
import { type Route, routeOf, splitTarget } from './routes.ts';
import { changed, configured } from './router/change.ts';
import { type Roles, rolesOf, sideText } from './router/roles.ts';
import { NO_STATE, type RouterRequest, type RouterState } from './router/state.ts';
import { isDrawn, isGiven } from './sample.ts';
import { closeSides, copiesOf, openSides, type PlaceOf, type Sides } from './sides.ts';
import { isInBody } from './slices.ts';
import { targetOn } from './upstream.ts';
import { steadyWall } from './wall.ts';

/** What the mirror is handed: it knows nothing of AWS. */
export interface MirrorPorts {
  clock: Clock;
  /** Milliseconds since some beginning, whatever happens to the clock. */
  stopwatch: () => number;
  placeOf: PlaceOf;
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

export interface Mirror {
  /** The port that was really taken. */
  port: number;
  /** Name of the run, with which its record files begin. */
  run: string;
  counted(): Counted;
  /** Which sides take no connections. */
  reach: Reach;
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

/** Paths that are counted each by itself, and characters of one that are kept. */
const MAX_PATHS = 5;
const MAX_PATH = 100;

/** Counts a path, where it is one of the first that came. */
function countPath(paths: Map<string, number>, path: string): void {
  const short = path.slice(0, MAX_PATH);
  const before = paths.get(short);
  if (before !== undefined || paths.size < MAX_PATHS) paths.set(short, (before ?? 0) + 1);
}

/** Opens a mirror: it answers from now on. @throws Problem where an address or the records' folder cannot be taken */
export async function openMirror(given: MirrorConfig, ports: MirrorPorts): Promise<Mirror> {
  const { clock, onEvent } = ports;
  const now = ports.stopwatch;
  const wall = steadyWall(clock, now, (by) => onEvent({ kind: 'clock-jumped', by }));
  const liveMetrics = new SideMetrics();
  const shadowMetrics = new Map<string, SideMetrics>();
  const notMirrored = { method: 0, path: 0 };
  const unmirroredPaths = new Map<string, number>();
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
    const sides = await openSides(roles.config, next, ports.placeOf, now, {
      shadows: shadowMetrics,
      live: liveMetrics,
    });
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
    if (route === undefined) {
      notMirrored[req.method === 'POST' ? 'path' : 'method'] += 1;
      if (req.method === 'POST') countPath(unmirroredPaths, path);
    }
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
    const begin = (plan: SidePlan) => {
      if (route !== undefined && divided !== undefined) {
        const name = candidate?.name ?? LIVE_FOLDER;
        answering.set(name, (answering.get(name) ?? 0) + 1);
      }
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
    const signedOr = (body: Buffer) =>
      planFor(side, req, caller, { body }, about).then(begin, (error: unknown) => {
        // The candidate has seen nothing of it, and the mirror's want of credentials is no failure of its own: it gets a copy at most.
        if (candidate !== undefined && config.fallback !== 'none') return pass(req, res, about, false, { body });
        const why = candidate === undefined ? 'live-unreachable' : 'candidate-unreachable';
        count(why);
        refuse(res, why, `The request could not be signed: ${error instanceof Error ? error.message : String(error)}.`);
      });
    if (side.upstream.sign === undefined) return begin(planOf(side, req, caller, read, about));
    if (read.body !== undefined) return void signedOr(read.body);
    if (read.begun !== undefined) {
      count('body-too-large');
      return refuse(res, 'body-too-large', TOO_LARGE_TO_SIGN);
    }
    // The body is read before anybody can be asked whether it is wanted.
    if (/^100-continue$/i.test(req.headers.expect ?? '')) res.writeContinue();
    readWhole(req, config.bounds.request, memory, (body) => {
      if (body !== undefined) return void signedOr(body);
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
    reach: openReach(() => current().sides, now),
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
      unmirroredPaths,
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
