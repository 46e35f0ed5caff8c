import { newRunName } from '../analysis/mirrored/run.ts';
import type { AgreementWatch } from './agreement.ts';
import type { Budget } from './budget.ts';
import type { MirrorConfig } from './config.ts';
import type { Copies } from './copies.ts';
import type { MirrorEvent } from './events.ts';
import { type ExchangeContext, keysOnce } from './exchange.ts';
import { type Counted, SideMetrics } from './metrics.ts';
import { Recorder, type RecorderOptions } from './record/recorder.ts';
import { redactor } from './record/redact.ts';
import { type Roles, rolesOf, sideText } from './router/roles.ts';
import type { RouterState } from './router/state.ts';
import { closeSides, copiesOf, openSides, type PlaceOf, type Sides } from './sides.ts';

/** A time in which sides and records are the same; what it began, it ends, whatever comes after it. */
export interface Era {
  sides: Sides;
  recorder: Recorder | undefined;
  context: ExchangeContext;
  /** Mirrored requests of which a side has not ended. */
  underWay: number;
  /** Requests that are read whole before they are passed on, or were. */
  read: number;
}

/** What all eras of a mirror share. */
export interface EraOptions {
  placeOf: PlaceOf;
  /** Is told of a finished record file, by its path below the records' folder. */
  finished: (path: string) => void;
  onEvent: (event: MirrorEvent) => void;
  /** Milliseconds since the epoch that never go back; and since some beginning. */
  wall: () => number;
  now: () => number;
  memory: Budget;
  agreement: AgreementWatch;
}

/** The eras of a mirror, oldest first: the last takes new requests, those before it end what they began. */
export class Eras {
  /** Of the live side, through all eras. */
  readonly metrics = new SideMetrics();
  readonly #shadowMetrics = new Map<string, SideMetrics>();
  readonly #options: EraOptions;
  readonly #keyOf = keysOnce();
  readonly #list: Era[] = [];
  /** Records that were lost by recorders which are closed. */
  #lostBefore = 0;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: EraOptions) {
    this.#options = options;
  }

  get current(): Era {
    return this.#list.at(-1) as Era;
  }

  /** Of all eras, each once: several may have the same. */
  get recorders(): Recorder[] {
    return [...new Set(this.#list.flatMap(({ recorder }) => recorder ?? []))];
  }

  /** Mirrored requests of which a side has not ended. */
  get underWay(): number {
    return this.#list.reduce((n, era) => n + era.underWay, 0);
  }

  get recordsLost(): number {
    return this.#lostBefore + this.recorders.reduce((n, { lost }) => n + lost, 0);
  }

  /** Opens what a configuration and a state ask for, and changes nothing yet: `begin` or `discard` follows. */
  async prepare(config: MirrorConfig, state: RouterState): Promise<Era> {
    const { placeOf, now, wall } = this.#options;
    const roles = rolesOf(config, state);
    const sides = await openSides(roles.config, state, placeOf, now, {
      shadows: this.#shadowMetrics,
      live: this.metrics,
    });
    const before = this.#list.at(-1);
    const same = before !== undefined && sidesText(before.sides.config) === sidesText(roles.config);
    if (same) before.recorder?.describe(described(roles));
    const recorder = same ? before.recorder : await this.#openRecorder(roles, newRunName(wall()));
    const era: Era = { sides, recorder, context: this.#contextOf(sides, recorder, () => era), underWay: 0, read: 0 };
    return era;
  }

  /** New requests are of this era from now on. */
  begin(era: Era): void {
    this.#list.push(era);
  }

  /** Closes what `prepare` opened for an era that does not begin. */
  async discard({ sides, recorder }: Era): Promise<void> {
    closeSides(sides);
    if (recorder !== this.#list.at(-1)?.recorder) await recorder?.close();
  }

  /** Gives up copies whose time is over, and closes connections that nobody uses. */
  sweep(): void {
    for (const { sides } of this.#list) {
      for (const { copies } of copiesOf(sides)) copies.expire();
      for (const { upstream } of [sides.live, ...sides.shadows]) upstream.sweep();
    }
  }

  /** Ends eras that are over and have nothing under way; what a caller is still being answered goes on, however long that takes. */
  async endOld(): Promise<void> {
    for (const era of this.#list.slice(0, -1)) {
      const { sides, recorder } = era;
      if (era.underWay + era.read > 0) continue;
      this.#list.splice(this.#list.indexOf(era), 1);
      for (const { copies } of copiesOf(sides)) copies.stop();
      for (const { upstream } of [sides.live, ...sides.shadows]) upstream.retire();
      if (recorder === undefined || this.#list.some((one) => one.recorder === recorder)) continue;
      await recorder.close();
      this.#lostBefore += recorder.lost;
    }
  }

  /** Once no mirrored request is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.underWay === 0) resolve();
    });
  }

  /** What is cut off from now on is cut off by the mirror itself. */
  stop(): void {
    this.#stopped = true;
  }

  closeSides(): void {
    for (const { sides } of this.#list) closeSides(sides);
  }

  /** What is counted of each shadow that there is now, with its copies of earlier eras. */
  shadows(): Counted['shadows'] {
    return new Map(
      this.current.sides.shadows.map(({ name, metrics }) => {
        const all = this.#list.flatMap(({ sides }) => sides.shadows.filter((one) => one.name === name));
        const sum = (of: (copies: Copies) => number) => all.reduce((n, { copies }) => n + of(copies), 0);
        return [
          name,
          {
            metrics,
            waiting: sum(({ waiting }) => waiting),
            underWay: sum(({ underWay }) => underWay),
            bytes: sum(({ bytes }) => bytes),
          },
        ];
      }),
    );
  }

  #contextOf({ config }: Sides, recorder: Recorder | undefined, era: () => Era): ExchangeContext {
    return {
      live: this.metrics,
      recorder,
      keeping: {
        bodies: config.records?.bodies ?? true,
        redact: redactor(config.records?.redact ?? []),
        most: Math.max(config.bounds.request, config.bounds.answer),
      },
      agreement: this.#options.agreement,
      memory: this.#options.memory,
      bounds: config.bounds,
      idHeader: config.idHeader,
      cancelWithClient: config.cancelWithClient,
      keyOf: this.#keyOf,
      ended: () => {
        era().underWay -= 1;
        if (this.#list.every((one) => one.underWay === 0)) this.#onIdle?.();
      },
      stopped: () => this.#stopped,
    };
  }

  async #openRecorder(roles: Roles, run: string): Promise<Recorder | undefined> {
    const { records, live, bounds } = roles.config;
    if (records === undefined) return undefined;
    const { wall, now, finished, onEvent } = this.#options;
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
      finished,
      onEvent,
    });
  }
}

/** What must be the same in two configurations for their records to be of one run. */
function sidesText({ live, shadows }: MirrorConfig): string {
  return JSON.stringify([sideText(live), ...shadows.map((one) => [one.name, sideText(one)])]);
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
