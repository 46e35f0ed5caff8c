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
import { ANSWERED_HEADER } from './headers.ts';
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

/**
 * Passes one request to the candidate, whose answer the caller gets, and a copy to the live side, so that the two remain a pair. Where
 * the candidate fails before the caller has seen anything of its answer, and the configuration says so, the live side answers. Who
 * answered, and why, is written down.
 */
export function canaryRequest(
  req: IncomingMessage,
  res: ServerResponse,
  { id, at, route, shadows }: Mirrored,
  canary: Canary,
  context: ExchangeContext,
): void {
  const { recorder, keeping, memory, bounds } = context;
  const { candidate, production, plan } = canary;
  const request = new KeptChunks(memory, bounds.request);
  if (plan.body !== undefined) request.add(plan.body);
  const answer = new KeptChunks(memory, bounds.answer, plan.now);
  const partners = [candidate, ...shadows].map(({ name }) => name);
  // The candidate, the live side, and what else gets copies.
  let open = 2 + shadows.length;
  let key = id;
  let sent = false;
  let fell: Failure | undefined;
  let candidateOver = false;
  /** The live side's copy has ended; it is written once it is known that the candidate's answer stands. */
  let held: CopyEnd | undefined;
  let cancelCopy: ((loss: Loss) => void) | undefined;
  const cancels: ((loss: Loss) => void)[] = [];
  recorder?.begin(id, at);
  const settle = () => {
    open -= 1;
    if (open > 0) return;
    request.release();
    recorder?.end(id);
    context.ended();
  };
  const write = (
    side: string,
    facts: Omit<RecordFacts, 'id' | 'key' | 'at'>,
    input?: Buffer,
    output?: Buffer,
    headers: readonly string[] = [],
    times: Times = { began: undefined, arrivals: [] },
  ) => {
    // What cannot be unpacked, or shown without what is to be left out, is no answer.
    const kept = output === undefined || !isGood(facts.status) ? undefined : keptAnswer(output, headers, keeping);
    const asked = input === undefined ? undefined : keptRequest(input, req.rawHeaders, keeping);
    // Of bytes the live side's record has the request, and where there is no answer none is needed to read it.
    const shown = side === LIVE_FOLDER ? asked : kept && asked && withoutBytes(asked);
    const stream =
      kept === undefined || output === undefined
        ? undefined
        : streamFacts({ ...times, ms: facts.ms, plain: output, headers });
    recorder?.add(side, recordLine({ ...facts, stream, id, key, at }, shown, kept), at);
  };

  /** The request and an answer to it, where anybody keeps them. */
  const unpackBoth = (
    body: Buffer | undefined,
    headers: readonly string[],
    then: (input: Buffer | undefined, plain: Buffer | undefined) => void,
  ) => {
    if (recorder === undefined || body === undefined) return then(undefined, undefined);
    afterUnpacking(request.whole(), req.rawHeaders, keeping.most, (input) =>
      afterUnpacking(body, headers, keeping.most, (plain) => then(input, plain)),
    );
  };

  const endCopy = (shadow: ShadowSide, end: CopyEnd) => {
    shadow.metrics.count(end.outcome, end);
    unpackBoth(end.body, end.headers, (input, plain) => {
      write(shadow.name, { ...end, copies: [] }, input, plain, end.headers, end);
      settle();
    });
  };

  /** The live side's record, by the copy that it got or by its own answer. */
  const writeLive = (
    facts: Omit<RecordFacts, 'id' | 'key' | 'at' | 'copies'>,
    body: Buffer | undefined,
    headers: readonly string[],
    times?: Times,
  ) => {
    context.live.count(facts.outcome, facts);
    if (recorder === undefined) return settle();
    afterUnpacking(request.whole(), req.rawHeaders, keeping.most, (input) =>
      afterUnpacking(body, headers, keeping.most, (plain) => {
        const lost = body !== undefined && plain === undefined && isGood(facts.status);
        write(
          LIVE_FOLDER,
          { ...facts, ...(lost ? { outcome: 'lost' as const, loss: 'answer-size' as const } : {}), copies: partners },
          input,
          plain,
          headers,
          times,
        );
        settle();
      }),
    );
  };

  const settleProduction = () => {
    if (held === undefined || !candidateOver || fell !== undefined) return;
    const end = held;
    held = undefined;
    // An answer that was not kept is nobody's failure; that it did not come is told as it was.
    const facts = end.outcome === 'too-large' ? ({ ...end, outcome: 'lost', loss: 'answer-size' } as const) : end;
    writeLive({ ...facts, answered: candidate.name }, end.body, end.headers, end);
  };

  const offer = (side: ShadowSide, body: Buffer | undefined, onEnd: (end: CopyEnd) => void) => {
    if (body === undefined)
      return onEnd({ ...ended('lost'), loss: request.lost === 'size' ? 'request-size' : 'memory' });
    const copy = side.copyOf(req, id, body);
    if (copy === undefined) return onEnd(ended('refused'));
    return side.copies.offer({ ...copy, id, method: req.method ?? 'POST', body, onEnd });
  };

  const sendCopies = () => {
    if (sent) return;
    sent = true;
    const body = request.whole();
    if (body !== undefined) key = context.keyOf(callersId(req, body, route, context.idHeader), id);
    if (fell === undefined)
      cancelCopy =
        offer(production, body, (end) => {
          held = end;
          settleProduction();
        }) ?? undefined;
    for (const shadow of shadows) {
      const cancel = offer(shadow, body, (end) => endCopy(shadow, end));
      if (cancel !== undefined) cancels.push(cancel);
    }
  };

  /** The request never came whole: nothing of it counts for anybody. */
  const lose = (loss: Loss) => {
    if (sent) return;
    sent = true;
    held = { ...ended('lost'), loss };
    settleProduction();
    for (const shadow of shadows) endCopy(shadow, { ...ended('lost'), loss });
  };

  /**
   * A caller who hangs up may do so because the candidate is slow: it is waited for all the same, as whoever gets a copy is, so that
   * its own time tells. Undefined where callers' ends are everybody's.
   */
  const alone: LivePlan['alone'] = (giveUp, spent) =>
    context.cancelWithClient || context.stopped()
      ? undefined
      : canary.deadlines.after(Math.max(0, canary.timeout - spent), giveUp);

  /** How the candidate's part ended, and for whom that counts. */
  const outcomeOf = (end: LiveEnd): { outcome: SideOutcome; loss: Loss | undefined } => {
    const lost = (loss: Loss) => ({ outcome: 'lost' as const, loss });
    if (end.alone && end.outcome !== 'answered' && context.stopped()) return lost('stopped');
    if (end.outcome === 'client-gone') {
      // The live side had answered its copy by then, and the candidate had not: that is its own doing.
      const slower = held?.outcome === 'answered' && isGood(held.status) && !context.stopped();
      return slower ? { outcome: 'timeout', loss: undefined } : lost('client-gone');
    }
    if (end.outcome !== 'answered' || answer.lost === undefined) return { outcome: end.outcome, loss: undefined };
    return answer.lost === 'memory' ? lost('memory') : { outcome: 'too-large', loss: undefined };
  };

  const endCandidate = (end: LiveEnd) => {
    const { outcome, loss } = outcomeOf(end);
    const { status, ms, firstByteMs } = end;
    const facts = { outcome, loss, status, ms, firstByteMs, copies: [] };
    candidateOver = true;
    candidate.metrics.count(outcome, facts);
    if (end.outcome === 'client-gone' && context.cancelWithClient) for (const cancel of cancels) cancel('client-gone');
    const body = outcome === 'answered' && fell === undefined ? answer.whole() : undefined;
    // Its key is known once the request is here.
    const finish = () =>
      unpackBoth(body, end.headers, (input, plain) => {
        write(candidate.name, facts, input, plain, end.headers, { began: end.began, arrivals: answer.arrivals });
        answer.release();
        settle();
      });
    if (fell === undefined) {
      whenWhole(
        () => {
          sendCopies();
          settleProduction();
          finish();
        },
        () => {
          lose('client-gone');
          finish();
        },
      );
      return;
    }
    cancelCopy?.('not-sent');
    whenWhole(
      () => {
        sendCopies();
        finish();
        answerByProduction(fell as Failure);
      },
      () => {
        finish();
        const gone = { outcome: 'lost', loss: 'client-gone', status: undefined, ms: undefined } as const;
        for (const shadow of sent ? [] : shadows) endCopy(shadow, { ...ended('lost'), loss: 'client-gone' });
        sent = true;
        writeLive({ ...gone, firstByteMs: undefined, fell, failed: candidate.name }, undefined, []);
      },
    );
  };

  const answerByProduction = (how: Failure) => {
    const body = request.whole();
    const own = new KeptChunks(memory, bounds.answer, plan.now);
    const end = (one: LiveEnd) => {
      const loss = one.alone && one.outcome !== 'answered' && context.stopped() ? 'stopped' : liveLoss(one, own);
      const outcome = loss !== undefined || one.outcome === 'client-gone' ? 'lost' : one.outcome;
      const { status, ms, firstByteMs } = one;
      writeLive(
        { outcome, loss, status, ms, firstByteMs, fell: how, failed: candidate.name },
        outcome === 'answered' ? own.whole() : undefined,
        one.headers,
        { began: one.began, arrivals: own.arrivals },
      );
      own.release();
    };
    const none: LiveEnd = {
      outcome: 'refused',
      status: undefined,
      headers: [],
      ms: 0,
      firstByteMs: undefined,
      began: 0,
      alone: false,
    };
    if (body === undefined) {
      refuse(res, 'candidate-unreachable', 'The candidate gave no answer, and the request was too large to be kept.');
      return end({ ...none, outcome: 'client-gone' });
    }
    canary.toProduction(body).then(
      (ready) =>
        passToLive(req, res, {
          ...ready,
          body,
          request: undefined,
          answer: own,
          alone,
          onSent: () => undefined,
          onEnd: end,
        }),
      (error: unknown) => {
        refuse(
          res,
          'live-unreachable',
          `The live side cannot be asked: ${error instanceof Error ? error.message : String(error)}.`,
        );
        end(none);
      },
    );
  };

  /** Calls back once the whole request has come, or the caller has gone before. */
  const whenWhole = (then: () => void, gone: () => void) => {
    if (plan.body !== undefined || req.complete) return then();
    if (req.destroyed) return gone();
    let told = false;
    const once = (what: () => void) => () => {
      if (told) return;
      told = true;
      what();
    };
    req.once('end', once(then));
    req.once(
      'close',
      once(() => (req.complete ? then() : gone())),
    );
  };

  passToLive(req, res, {
    ...plan,
    mark: [ANSWERED_HEADER, candidate.name],
    whenSilent: { why: 'candidate-unreachable', late: 'candidate-timeout', who: `candidate ${candidate.name}` },
    waits: (giveUp) => canary.deadlines.after(canary.timeout, giveUp),
    alone,
    instead(how) {
      if (!fallsBack(canary.fallback, how) || request.lost !== undefined) return false;
      fell = how;
      canary.fellBack(how);
      return true;
    },
    request,
    answer,
    onSent: sendCopies,
    onEnd: endCandidate,
  });
}
