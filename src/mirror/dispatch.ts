import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIVE_FOLDER } from '../analysis/mirrored/record.ts';
import type { Budget } from './budget.ts';
import { canaryRequest, type SidePlan } from './canary.ts';
import type { Deadlines } from './deadlines.ts';
import type { Era, Eras } from './eras.ts';
import { mirrorRequest } from './exchange.ts';
import type { Caller } from './headers.ts';
import { passToLive } from './live.ts';
import { planFor, planOf, targetOf } from './plan.ts';
import { readBegun, readWhole } from './read-body.ts';
import { refuse } from './refuse.ts';
import { type Route, routeOf, splitTarget } from './routes.ts';
import { isDrawn, isGiven } from './sample.ts';
import type { OpenShadow } from './sides.ts';
import { isInBody } from './slices.ts';
import type { Tally } from './tally.ts';
import { targetOn } from './upstream.ts';

export interface DispatchOptions {
  eras: Eras;
  tally: Tally;
  /** For bodies that are read before they are passed on. */
  memory: Budget;
  deadlines: Deadlines;
  /** Milliseconds since the epoch that never go back; and since some beginning. */
  wall: () => number;
  now: () => number;
  /** Begins the ids of requests that nobody records. */
  run: string;
}

/** A request on its way through the mirror. */
interface Passage {
  req: IncomingMessage;
  res: ServerResponse;
  era: Era;
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Undefined: it gets no copies. */
  route: Route | undefined;
  now: () => number;
  caller: Caller;
}

/** What was read of a request before it is passed on: all of it, or the beginning of one that is too large. */
type Read = { body?: Buffer; begun?: undefined } | { body?: undefined; begun: Buffer };

/** Decides of each request which side answers it, and which get copies. */
export class Dispatcher {
  readonly #options: DispatchOptions;
  #requests = 0;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /** Takes a request from the front. */
  handle(req: IncomingMessage, res: ServerResponse): void {
    const { eras, tally, memory, wall, now, run } = this.#options;
    const era = eras.current;
    const { live, divided, routes, config } = era.sides;
    const [path] = splitTarget(req.url ?? '/');
    const route = routeOf(routes, req.method ?? '', path);
    if (targetOf(live, req, route !== undefined) === undefined)
      return this.#refuse(res, 'no-such-route', `The live side is an endpoint of SageMaker, which has no ${path}.`);
    if (route === undefined) tally.countUnmirrored(req.method, path);
    this.#requests += 1;
    const id = `${era.recorder?.run ?? run}-${this.#requests.toString(36)}`;
    const caller = { address: req.socket.remoteAddress ?? 'unknown', secure: config.tls !== undefined };
    const passage: Passage = { req, res, era, id, at: wall(), route, now, caller };
    const isFor = route === undefined || divided === undefined ? false : isGiven(divided.division, id, req.rawHeaders);
    if (isFor === 'by-body' || live.upstream.sign !== undefined || divided?.candidate.upstream.sign !== undefined) {
      era.read += 1;
      res.once('close', () => void (era.read -= 1));
    }
    if (isFor !== 'by-body' || divided === undefined) return this.#pass(passage, isFor === true, {});
    askForBody(req, res);
    readBegun(req, config.bounds.request, memory, (read) =>
      this.#pass(passage, read.body !== undefined && isInBody(divided.division.slices, read.body), read),
    );
  }

  /** Passes a request on to the side that is to answer it. @param given to the candidate */
  #pass(passage: Passage, given: boolean, read: Read): void {
    const { req, res, era, caller } = passage;
    const { live, divided, config } = era.sides;
    // That it has no such route is an answer of its own, which its copy tells.
    const candidate =
      given && divided !== undefined && targetOn(divided.candidate.upstream, req.url ?? '/') !== undefined
        ? divided.candidate
        : undefined;
    const side = candidate ?? live;
    if (side.upstream.sign === undefined)
      return this.#begin(passage, candidate, planOf(side, req, caller, read, passage));
    if (read.body !== undefined) return this.#sign(passage, candidate, read.body);
    if (read.begun !== undefined) return this.#refuse(res, 'body-too-large', TOO_LARGE_TO_SIGN);
    // The body is read before anybody can be asked whether it is wanted.
    askForBody(req, res);
    readWhole(req, config.bounds.request, this.#options.memory, (body) => {
      if (body === undefined) this.#refuse(res, 'body-too-large', TOO_LARGE_TO_SIGN);
      else this.#sign(passage, candidate, body);
    });
  }

  /** Signs a request that was read whole, and begins it. */
  #sign(passage: Passage, candidate: OpenShadow | undefined, body: Buffer): void {
    const { req, res, era, caller } = passage;
    planFor(candidate ?? era.sides.live, req, caller, { body }, passage).then(
      (plan) => this.#begin(passage, candidate, plan),
      (error: unknown) => {
        // The candidate has seen nothing of it, and the mirror's want of credentials is no failure of its own: it gets a copy at most.
        if (candidate !== undefined && era.sides.config.fallback !== 'none')
          return this.#pass(passage, false, { body });
        const why = candidate === undefined ? 'live-unreachable' : 'candidate-unreachable';
        this.#refuse(
          res,
          why,
          `The request could not be signed: ${error instanceof Error ? error.message : String(error)}.`,
        );
      },
    );
  }

  /** Sends a request to the side that answers it, and its copies to the others. */
  #begin({ req, res, era, id, at, route, now, caller }: Passage, candidate: OpenShadow | undefined, plan: SidePlan) {
    const { tally, deadlines } = this.#options;
    const { live, shadows, divided, config } = era.sides;
    const drawn =
      route === undefined ? [] : shadows.filter((one) => one !== candidate && isDrawn(one.config, id, req.rawHeaders));
    if (route !== undefined && divided !== undefined) tally.countAnswering(candidate?.name ?? LIVE_FOLDER);
    if (route === undefined || (drawn.length === 0 && candidate === undefined)) return this.#passAlone(req, res, plan);
    era.underWay += 1;
    const mirrored = { id, at, route, shadows: drawn };
    if (candidate === undefined || divided === undefined) return mirrorRequest(req, res, mirrored, plan, era.context);
    const canary = {
      candidate,
      plan,
      timeout: candidate.config.timeout,
      deadlines,
      production: divided.production,
      fallback: config.fallback,
      toProduction: (body: Buffer) => planFor(live, req, caller, { body }, { route, now }),
      fellBack: tally.countFallback.bind(tally),
    };
    canaryRequest(req, res, mirrored, canary, era.context);
  }

  /** Passes a request to the live side of which nobody gets a copy. */
  #passAlone(req: IncomingMessage, res: ServerResponse, plan: SidePlan): void {
    passToLive(req, res, {
      ...plan,
      request: undefined,
      answer: undefined,
      onSent: () => undefined,
      onEnd: (end) => {
        if (end.outcome === 'refused' || (end.outcome === 'broken' && end.status === undefined))
          this.#options.tally.countRefusal('live-unreachable');
      },
    });
  }

  #refuse(res: ServerResponse, why: Parameters<typeof refuse>[1], message: string): void {
    this.#options.tally.countRefusal(why);
    refuse(res, why, message);
  }
}

const TOO_LARGE_TO_SIGN = 'The request is larger than the mirror may hold while it signs it.';

/** Has a caller that waits for leave send its body. */
function askForBody(req: IncomingMessage, res: ServerResponse): void {
  if (/^100-continue$/i.test(req.headers.expect ?? '')) res.writeContinue();
}
