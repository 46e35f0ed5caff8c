import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIVE_FOLDER, type Loss, type RecordFacts, recordLine, type SideOutcome } from '../analysis/mirrored/record.ts';
import { KeptChunks } from './budget.ts';
import type { Fallback } from './config.ts';
import { type CopyEnd, ended } from './copies.ts';
import type { Deadlines } from './deadlines.ts';
import {
  afterUnpacking,
  callersId,
  type ExchangeContext,
  isGood,
  liveLoss,
  type Mirrored,
  type ShadowSide,
  withoutBytes,
} from './exchange.ts';
import { ANSWERED_HEADER, type RawHeaders } from './headers.ts';
import { type Failure, type LiveEnd, type LivePlan, passToLive } from './live.ts';
import { keptAnswer, keptRequest } from './record/body.ts';
import { streamFacts } from './record/stream.ts';
import { refuse } from './refuse.ts';

/** How a request gets to a side. */
export type SidePlan = Pick<LivePlan, 'upstream' | 'target' | 'headers' | 'body' | 'now' | 'begun'>;

/** A request that the candidate answers. */
export interface Canary {
  candidate: ShadowSide;
  plan: SidePlan;
  /** Milliseconds in which its answer must begin; and end, once its caller has gone. */
  timeout: number;
  deadlines: Deadlines;
  /** The live side, as it gets copies. */
  production: ShadowSide;
  fallback: Fallback;
  /** How the whole request gets to the live side, to be answered by it; rejects where that cannot be asked. */
  toProduction: (body: Buffer) => Promise<SidePlan>;
  /** Is told that the live side answers in its stead. */
  fellBack: (how: Failure) => void;
}

/** When a request was sent, and when the bytes of its answer came. */
type Times = Pick<CopyEnd, 'began' | 'arrivals'>;

/** Is a request that failed so to be answered by the live side? */
function fallsBack(fallback: Fallback, how: Failure): boolean {
  return fallback === 'failures' || (fallback === 'unreachable' && how === 'refused');
}

/** What a record of a canary request says, beside what all its records share. */
type Facts = Omit<RecordFacts, 'id' | 'key' | 'at'>;

/**
 * Passes one request to the candidate, whose answer the caller gets, and a copy to the live side, so that the two remain a pair. Where
 * the candidate fails before the caller has seen anything of its answer, and the configuration says so, the live side answers. Who
 * answered, and why, is written down.
 */
export function canaryRequest(
  req: IncomingMessage,
  res: ServerResponse,
  mirrored: Mirrored,
  canary: Canary,
  context: ExchangeContext,
): void {
  new CanaryExchange(req, res, mirrored, canary, context).begin();
}

/** One request on all its sides: the candidate that answers, the live side, and the shadows that get copies. */
class CanaryExchange {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #mirrored: Mirrored;
  readonly #canary: Canary;
  readonly #context: ExchangeContext;
  readonly #request: KeptChunks;
  readonly #answer: KeptChunks;
  /** Sides whose records are still to come. */
  #open: number;
  #key: string;
  /** Copies have gone out, or it is known that none will. */
  #sent = false;
  /** How the candidate failed, where the live side answers in its stead. */
  #fallback: Failure | undefined;
  #candidateOver = false;
  /** The live side's copy has ended; it is written once it is known that the candidate's answer stands. */
  #liveCopy: CopyEnd | undefined;
  #cancelLiveCopy: ((loss: Loss) => void) | undefined;
  readonly #cancels: ((loss: Loss) => void)[] = [];

  constructor(req: IncomingMessage, res: ServerResponse, mirrored: Mirrored, canary: Canary, context: ExchangeContext) {
    this.#req = req;
    this.#res = res;
    this.#mirrored = mirrored;
    this.#canary = canary;
    this.#context = context;
    this.#request = new KeptChunks(context.memory, context.bounds.request);
    if (canary.plan.body !== undefined) this.#request.add(canary.plan.body);
    this.#answer = new KeptChunks(context.memory, context.bounds.answer, canary.plan.now);
    this.#open = 2 + mirrored.shadows.length;
    this.#key = mirrored.id;
  }

  begin(): void {
    const { candidate, plan, timeout, deadlines } = this.#canary;
    this.#context.recorder?.begin(this.#mirrored.id, this.#mirrored.at);
    passToLive(this.#req, this.#res, {
      ...plan,
      mark: [ANSWERED_HEADER, candidate.name],
      whenSilent: { why: 'candidate-unreachable', late: 'candidate-timeout', who: `candidate ${candidate.name}` },
      waits: (giveUp) => deadlines.after(timeout, giveUp),
      alone: this.#outlivesCaller,
      instead: (how) => this.#fallsBack(how),
      request: this.#request,
      answer: this.#answer,
      onSent: () => this.#sendCopies(),
      onEnd: (end) => this.#endCandidate(end),
    });
  }

  /**
   * A caller who hangs up may do so because the candidate is slow: it is waited for all the same, as whoever gets a copy is, so that
   * its own time tells. Undefined where callers' ends are everybody's.
   */
  readonly #outlivesCaller: LivePlan['alone'] = (giveUp, spent) =>
    this.#context.cancelWithClient || this.#context.stopped()
      ? undefined
      : this.#canary.deadlines.after(Math.max(0, this.#canary.timeout - spent), giveUp);

  /** The candidate has failed, and the caller has seen nothing of it: does the live side answer? */
  #fallsBack(how: Failure): boolean {
    if (!fallsBack(this.#canary.fallback, how) || this.#request.lost !== undefined) return false;
    this.#fallback = how;
    this.#canary.fellBack(how);
    return true;
  }

  // Copies

  #sendCopies(): void {
    if (this.#sent) return;
    this.#sent = true;
    const { shadows, route, id } = this.#mirrored;
    const body = this.#request.whole();
    if (body !== undefined)
      this.#key = this.#context.keyOf(callersId(this.#req, body, route, this.#context.idHeader), id);
    if (this.#fallback === undefined)
      this.#cancelLiveCopy = this.#offer(this.#canary.production, body, (end) => {
        this.#liveCopy = end;
        this.#settleLiveCopy();
      });
    for (const shadow of shadows) {
      const cancel = this.#offer(shadow, body, (end) => this.#endCopy(shadow, end));
      if (cancel !== undefined) this.#cancels.push(cancel);
    }
  }

  /** @returns ends the copy before its time; undefined where none was sent */
  #offer(
    side: ShadowSide,
    body: Buffer | undefined,
    onEnd: (end: CopyEnd) => void,
  ): ((loss: Loss) => void) | undefined {
    if (body === undefined) {
      onEnd({ ...ended('lost'), loss: this.#request.lost === 'size' ? 'request-size' : 'memory' });
      return undefined;
    }
    const { id } = this.#mirrored;
    const copy = side.copyOf(this.#req, id, body);
    if (copy !== undefined) return side.copies.offer({ ...copy, id, method: this.#req.method ?? 'POST', body, onEnd });
    onEnd(ended('refused'));
    return undefined;
  }

  #endCopy(shadow: ShadowSide, end: CopyEnd): void {
    shadow.metrics.count(end.outcome, end);
    this.#unpackBoth(end.body, end.headers, (input, plain) => {
      this.#write(shadow.name, { ...end, copies: [] }, input, plain, end.headers, end);
      this.#settle();
    });
  }

  /** Shadows that have got no copy yet get none. */
  #loseCopies(loss: Loss): void {
    if (!this.#sent) for (const shadow of this.#mirrored.shadows) this.#endCopy(shadow, { ...ended('lost'), loss });
    this.#sent = true;
  }

  /** Writes the live side's record by its copy, once that has ended and the candidate's answer stands. */
  #settleLiveCopy(): void {
    if (this.#liveCopy === undefined || !this.#candidateOver || this.#fallback !== undefined) return;
    const end = this.#liveCopy;
    this.#liveCopy = undefined;
    // An answer that was not kept is nobody's failure; that it did not come is told as it was.
    const facts = end.outcome === 'too-large' ? ({ ...end, outcome: 'lost', loss: 'answer-size' } as const) : end;
    this.#writeLive({ ...facts, answered: this.#canary.candidate.name }, end.body, end.headers, end);
  }

  // The candidate

  /** How the candidate's part ended, and for whom that counts. */
  #outcomeOf(end: LiveEnd): { outcome: SideOutcome; loss: Loss | undefined } {
    const lost = (loss: Loss) => ({ outcome: 'lost' as const, loss });
    if (end.alone && end.outcome !== 'answered' && this.#context.stopped()) return lost('stopped');
    if (end.outcome === 'client-gone') {
      // The live side had answered its copy by then, and the candidate had not: that is its own doing.
      const copy = this.#liveCopy;
      const slower = copy?.outcome === 'answered' && isGood(copy.status) && !this.#context.stopped();
      return slower ? { outcome: 'timeout', loss: undefined } : lost('client-gone');
    }
    if (end.outcome !== 'answered' || this.#answer.lost === undefined) return { outcome: end.outcome, loss: undefined };
    return this.#answer.lost === 'memory' ? lost('memory') : { outcome: 'too-large', loss: undefined };
  }

  #endCandidate(end: LiveEnd): void {
    const { candidate } = this.#canary;
    const { outcome, loss } = this.#outcomeOf(end);
    const { status, ms, firstByteMs } = end;
    const facts = { outcome, loss, status, ms, firstByteMs, copies: [] };
    this.#candidateOver = true;
    candidate.metrics.count(outcome, facts);
    if (end.outcome === 'client-gone' && this.#context.cancelWithClient)
      for (const cancel of this.#cancels) cancel('client-gone');
    const fallback = this.#fallback;
    const body = outcome === 'answered' && fallback === undefined ? this.#answer.whole() : undefined;
    // Its key is known once the request is here.
    const finish = () =>
      this.#unpackBoth(body, end.headers, (input, plain) => {
        const times = { began: end.began, arrivals: this.#answer.arrivals };
        this.#write(candidate.name, facts, input, plain, end.headers, times);
        this.#answer.release();
        this.#settle();
      });
    if (fallback === undefined) this.#keepAnswer(finish);
    else this.#replaceAnswer(fallback, finish);
  }

  /** The candidate's answer is the caller's, or was to be. @param finish writes the candidate's record */
  #keepAnswer(finish: () => void): void {
    this.#whenWhole(
      () => {
        this.#sendCopies();
        this.#settleLiveCopy();
        finish();
      },
      () => {
        // The request never came whole: nothing of it counts for anybody.
        if (!this.#sent) {
          this.#liveCopy = { ...ended('lost'), loss: 'client-gone' };
          this.#settleLiveCopy();
          this.#loseCopies('client-gone');
        }
        finish();
      },
    );
  }

  /** The live side answers in the candidate's stead. @param finish writes the candidate's record */
  #replaceAnswer(how: Failure, finish: () => void): void {
    this.#cancelLiveCopy?.('not-sent');
    this.#whenWhole(
      () => {
        this.#sendCopies();
        finish();
        this.#answerByLive(how);
      },
      () => {
        finish();
        this.#loseCopies('client-gone');
        const failed = this.#canary.candidate.name;
        const gone = { outcome: 'lost', loss: 'client-gone', status: undefined, ms: undefined } as const;
        this.#writeLive({ ...gone, firstByteMs: undefined, fell: how, failed }, undefined, []);
      },
    );
  }

  /** Calls back once the whole request has come, or the caller has gone before. */
  #whenWhole(then: () => void, gone: () => void): void {
    const req = this.#req;
    if (this.#canary.plan.body !== undefined || req.complete) return then();
    if (req.destroyed) return gone();
    let called = false;
    const once = (callback: () => void) => () => {
      if (called) return;
      called = true;
      callback();
    };
    req.once('end', once(then));
    req.once(
      'close',
      once(() => (req.complete ? then() : gone())),
    );
  }

  // The live side in its stead

  #answerByLive(how: Failure): void {
    const body = this.#request.whole();
    const { memory, bounds } = this.#context;
    const answer = new KeptChunks(memory, bounds.answer, this.#canary.plan.now);
    const onEnd = (end: LiveEnd) => this.#endLive(how, end, answer);
    if (body === undefined) {
      const words = 'The candidate gave no answer, and the request was too large to be kept.';
      refuse(this.#res, 'candidate-unreachable', words);
      return onEnd({ ...NOT_ASKED, outcome: 'client-gone' });
    }
    this.#canary.toProduction(body).then(
      (plan) =>
        passToLive(this.#req, this.#res, {
          ...plan,
          body,
          request: undefined,
          answer,
          alone: this.#outlivesCaller,
          onSent: () => undefined,
          onEnd,
        }),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        refuse(this.#res, 'live-unreachable', `The live side cannot be asked: ${why}.`);
        onEnd(NOT_ASKED);
      },
    );
  }

  #endLive(how: Failure, end: LiveEnd, answer: KeptChunks): void {
    const cutOff = end.alone && end.outcome !== 'answered' && this.#context.stopped();
    const loss = cutOff ? 'stopped' : liveLoss(end, answer);
    const outcome = loss !== undefined || end.outcome === 'client-gone' ? 'lost' : end.outcome;
    const { status, ms, firstByteMs } = end;
    this.#writeLive(
      { outcome, loss, status, ms, firstByteMs, fell: how, failed: this.#canary.candidate.name },
      outcome === 'answered' ? answer.whole() : undefined,
      end.headers,
      { began: end.began, arrivals: answer.arrivals },
    );
    answer.release();
  }

  // Records

  /** Calls back with the request and an answer to it without their compression, where anybody keeps them. */
  #unpackBoth(
    body: Buffer | undefined,
    headers: RawHeaders,
    then: (input: Buffer | undefined, plain: Buffer | undefined) => void,
  ): void {
    if (this.#context.recorder === undefined || body === undefined) return then(undefined, undefined);
    this.#unpackWithRequest(body, headers, then);
  }

  #unpackWithRequest(
    body: Buffer | undefined,
    headers: RawHeaders,
    then: (input: Buffer | undefined, plain: Buffer | undefined) => void,
  ): void {
    const { most } = this.#context.keeping;
    afterUnpacking(this.#request.whole(), this.#req.rawHeaders, most, (input) =>
      afterUnpacking(body, headers, most, (plain) => then(input, plain)),
    );
  }

  /** The live side's record, by the copy that it got or by its own answer. */
  #writeLive(facts: Omit<Facts, 'copies'>, body: Buffer | undefined, headers: RawHeaders, times?: Times): void {
    this.#context.live.count(facts.outcome, facts);
    if (this.#context.recorder === undefined) return this.#settle();
    const copies = [this.#canary.candidate, ...this.#mirrored.shadows].map(({ name }) => name);
    this.#unpackWithRequest(body, headers, (input, plain) => {
      const lost = body !== undefined && plain === undefined && isGood(facts.status);
      const shown = lost ? ({ ...facts, outcome: 'lost', loss: 'answer-size' } as const) : facts;
      this.#write(LIVE_FOLDER, { ...shown, copies }, input, plain, headers, times);
      this.#settle();
    });
  }

  #write(
    side: string,
    facts: Facts,
    input: Buffer | undefined,
    output: Buffer | undefined,
    headers: RawHeaders,
    times: Times = { began: undefined, arrivals: [] },
  ): void {
    const { recorder, keeping } = this.#context;
    const { id, at } = this.#mirrored;
    // What cannot be unpacked, or shown without what is to be left out, is no answer.
    const kept = output === undefined || !isGood(facts.status) ? undefined : keptAnswer(output, headers, keeping);
    const asked = input === undefined ? undefined : keptRequest(input, this.#req.rawHeaders, keeping);
    // Of bytes the live side's record has the request, and where there is no answer none is needed to read it.
    const shown = side === LIVE_FOLDER ? asked : kept && asked && withoutBytes(asked);
    const stream =
      kept === undefined || output === undefined
        ? undefined
        : streamFacts({ ...times, ms: facts.ms, plain: output, headers });
    recorder?.add(side, recordLine({ ...facts, stream, id, key: this.#key, at }, shown, kept), at);
  }

  /** A side has ended, and its record is written. */
  #settle(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#request.release();
    this.#context.recorder?.end(this.#mirrored.id);
    this.#context.ended();
  }
}

/** How a request ended that was never sent. */
const NOT_ASKED: LiveEnd = {
  outcome: 'refused',
  status: undefined,
  headers: [],
  ms: 0,
  firstByteMs: undefined,
  began: 0,
  alone: false,
};
