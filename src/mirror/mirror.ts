import type { Clock } from '../base/clock.ts';
import { AgreementWatch } from './agreement.ts';
import { Budget } from './budget.ts';
import { newRunName } from '../analysis/mirrored/run.ts';
import { usageError } from '../base/errors.ts';
import type { MirrorConfig } from './config.ts';
import { Deadlines } from './deadlines.ts';
import { Dispatcher } from './dispatch.ts';
import { Eras } from './eras.ts';
import { failureReports, fallReports, type MirrorEvent } from './events.ts';
import { type Front, openFront } from './front.ts';
import type { Counted } from './metrics.ts';
import { openReach, type Reach } from './reach.ts';
import { Retention, type RetentionOptions } from './record/retention.ts';
import { changed, configured } from './router/change.ts';
import { rolesOf, sideText } from './router/roles.ts';
import { NO_STATE, type RouterRequest, type RouterState } from './router/state.ts';
import type { PlaceOf } from './sides.ts';
import { Tally } from './tally.ts';
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

/** Milliseconds between two looks at what is due. */
const TICK = 100;

/** Opens a mirror: it answers from now on. @throws Problem where an address or the records' folder cannot be taken */
export async function openMirror(given: MirrorConfig, ports: MirrorPorts): Promise<Mirror> {
  const { clock, onEvent, stopwatch: now } = ports;
  const wall = steadyWall(clock, now, (by) => onEvent({ kind: 'clock-jumped', by }));
  const memory = new Budget(given.bounds.memory / 4);
  const deadlines = new Deadlines(now);
  const tally = new Tally();
  const eras = new Eras({
    placeOf: ports.placeOf,
    finished: ports.finished ?? (() => undefined),
    onEvent,
    wall: wall.now,
    now,
    memory,
    agreement: new AgreementWatch(now),
  });
  const retention = retentionOf(given, {
    openRuns: () => eras.recorders.map((recorder) => recorder.run),
    wall: () => clock.now(),
    now,
    onEvent,
  });
  const standing = await Standing.open(given, { eras, store: ports.router, wall: wall.now, onEvent });
  const run = eras.current.recorder?.run ?? newRunName(wall.now());
  const dispatcher = new Dispatcher({ eras, tally, memory, deadlines, wall: wall.now, now, run });
  const front = await openFront({
    listen: given.listen,
    tls: given.tls,
    bounds: given.bounds,
    handle: (req, res) => dispatcher.handle(req, res),
    refused: (why) => tally.countRefusal(why),
  });
  const failures = failureReports(now, onEvent);
  const falls = fallReports(now, tally.fallbacks, onEvent);

  const tick = async () => {
    wall.check();
    deadlines.expire();
    eras.sweep();
    const { shadows, divided } = eras.current.sides;
    for (const { name, metrics } of shadows) failures(name, metrics);
    if (divided !== undefined) falls(divided.candidate.name);
    await Promise.all(eras.recorders.map((recorder) => recorder.tick()));
    await eras.endOld();
    retention?.tick();
  };

  return {
    port: front.port,
    get run() {
      return eras.current.recorder?.run ?? run;
    },
    tick,
    reach: openReach(() => eras.current.sides, now),
    counted: () => ({
      live: eras.metrics,
      shadows: eras.shadows(),
      ...tally.counted(),
      recordsLost: eras.recordsLost,
      recordsRemoved: retention?.records ?? 0,
    }),
    router: () => standing.router(),
    change: (request) => standing.change(request),
    async reload(config) {
      await standing.reload(config, () => {
        if (config.tls !== undefined) front.setTls(config.tls);
        onEvent({ kind: 'reloaded' });
      });
    },
    async serve(signal) {
      while (!signal.aborted) {
        await clock.sleep(TICK, signal).catch(() => undefined);
        await tick();
      }
      onEvent({ kind: 'draining', underWay: eras.underWay });
      await drain({ eras, front, clock, now, tick });
      eras.stop();
      front.closeAll();
      eras.closeSides();
      // What was cut off a moment ago still tells its end.
      await clock.sleep(TICK / 4);
      await retention?.settled();
      for (const recorder of eras.recorders) await recorder.close();
      onEvent({ kind: 'stopped', lost: eras.recordsLost });
    },
  };
}

/** Lets requests under way finish, until the configuration's time for that is over. */
async function drain({
  eras,
  front,
  clock,
  now,
  tick,
}: {
  eras: Eras;
  front: Front;
  clock: Clock;
  now: () => number;
  tick: () => Promise<void>;
}): Promise<void> {
  const deadline = now() + eras.current.sides.config.bounds.drain;
  let settled = false;
  void Promise.all([front.stopAccepting(), eras.idle()]).then(() => (settled = true));
  while (!settled && now() < deadline) {
    await clock.sleep(TICK / 4);
    await tick();
  }
}

interface StandingOptions {
  eras: Eras;
  /** Where it is written down who answers; undefined: nowhere. */
  store: RouterStore | undefined;
  /** Milliseconds since the epoch that never go back. */
  wall: () => number;
  onEvent: (event: MirrorEvent) => void;
}

/** The configuration and who answers by it, as they stand: one change after the other, each whole. */
class Standing {
  readonly #options: StandingOptions;
  #config: MirrorConfig;
  #state: RouterState;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(config: MirrorConfig, state: RouterState, options: StandingOptions) {
    this.#config = config;
    this.#state = state;
    this.#options = options;
  }

  /** Begins the first era: with the state that was saved last, and with what the configuration says anew. */
  static async open(config: MirrorConfig, options: StandingOptions): Promise<Standing> {
    const { eras, store, wall } = options;
    const saved = (await store?.load()) ?? NO_STATE;
    const state = configured(saved, config, wall());
    if (state !== saved) await store?.save(state);
    eras.begin(await eras.prepare(config, state));
    return new Standing(config, state, options);
  }

  router(): ReturnType<Mirror['router']> {
    return { state: this.#state, ...rolesOf(this.#config, this.#state) };
  }

  change(request: RouterRequest): Promise<RouterState> {
    return this.#inTurn(async () => {
      await this.#become(this.#config, changed(this.#state, this.#config, request, this.#options.wall()));
      return this.#state;
    });
  }

  /** @param then what else changes with it, before the next change begins */
  reload(config: MirrorConfig, then: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await this.#become(config, configured(this.#state, config, this.#options.wall()));
      then();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  async #become(config: MirrorConfig, next: RouterState): Promise<void> {
    const { eras, store, onEvent } = this.#options;
    const before = this.#state;
    const era = await eras.prepare(config, next);
    if (next !== before) {
      if (store === undefined)
        throw usageError(
          'This mirror has no folder in which it is written down who answers.',
          'Start it with --records FOLDER.',
        );
      try {
        await store.save(next);
      } catch (error) {
        await eras.discard(era);
        throw error;
      }
    }
    [this.#config, this.#state] = [config, next];
    eras.begin(era);
    if (before.division !== next.division || before.promoted !== next.promoted)
      onEvent({ kind: 'divided', live: sideText(era.sides.config.live), division: next.division });
  }
}

/** Undefined where nothing bounds the folder of records. */
function retentionOf(
  { records }: MirrorConfig,
  more: Omit<RetentionOptions, 'folder' | 'keepBytes' | 'keepFor'>,
): Retention | undefined {
  if (records === undefined || (records.keepBytes === undefined && records.keepFor === undefined)) return undefined;
  return new Retention({ ...records, ...more });
}
