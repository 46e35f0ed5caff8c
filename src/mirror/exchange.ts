import type { IncomingMessage, ServerResponse } from 'node:http';
import { type KeptBody, LIVE_FOLDER, type Loss, recordLine, type RecordFacts } from '../analysis/mirrored/record.ts';
import type { AgreementWatch } from './agreement.ts';
import { type Budget, KeptChunks } from './budget.ts';
import { type Copies, type Copy, type CopyEnd, ended } from './copies.ts';
import { headerValue, type RawHeaders } from './headers.ts';
import { type LiveEnd, type LivePlan, passToLive } from './live.ts';
import type { SideMetrics } from './metrics.ts';
import { keptAnswer, keptRequest, type Keeping, unpacked } from './record/body.ts';
import type { Recorder } from './record/recorder.ts';
import { streamFacts } from './record/stream.ts';
import { idInBody, type Route } from './routes.ts';

/** A shadow as an exchange sees it. */
export interface ShadowSide {
  name: string;
  copies: Copies;
  metrics: SideMetrics;
  /** The copy of a request, less what the exchange adds; undefined: this shadow has no such route. */
  copyOf: (req: IncomingMessage, id: string, body: Buffer) => Pick<Copy, 'target' | 'headers' | 'signed'> | undefined;
}

/** What all exchanges share. */
export interface ExchangeContext {
  live: SideMetrics;
  recorder: Recorder | undefined;
  keeping: Keeping;
  agreement: AgreementWatch;
  /** For bodies of requests under way, and of live answers. */
  memory: Budget;
  bounds: { request: number; answer: number };
  idHeader: string | undefined;
  cancelWithClient: boolean;
  /** The key of a pair, given the caller's id: one that came before in this run is not taken twice. */
  keyOf: (callers: string | undefined, id: string) => string;
  /** Is told that an exchange has ended on all sides. */
  ended: () => void;
  /** The mirror stops: what is cut off from now on is cut off by it. */
  stopped: () => boolean;
}

/** A request that is mirrored, as it comes in. */
export interface Mirrored {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  route: Route;
  /** Those that were drawn for it; at least one. */
  shadows: readonly ShadowSide[];
}

/** The caller's own id in a request to SageMaker. */
const INFERENCE_ID = 'x-amzn-sagemaker-inference-id';

/**
 * Passes one request to the live side, and copies to its shadows as soon as its last byte has gone there; when a side has ended,
 * its record is written. No side waits for another.
 */
export function mirrorRequest(
  req: IncomingMessage,
  res: ServerResponse,
  about: Mirrored,
  plan: Pick<LivePlan, 'upstream' | 'target' | 'headers' | 'body' | 'now' | 'begun'>,
  context: ExchangeContext,
): void {
  const { id, at, route, shadows } = about;
  const { recorder, keeping, memory, bounds } = context;
  const request = new KeptChunks(memory, bounds.request);
  if (plan.body !== undefined) request.add(plan.body);
  const answer = new KeptChunks(memory, bounds.answer, plan.now);
  const cancels: ((loss: Loss) => void)[] = [];
  let open = 1 + shadows.length;
  let key = id;
  let sent = false;
  recorder?.begin(id, at);
  /** Somebody reads the answers. */
  const looked = context.agreement.begin(shadows.length);
  const kept = recorder !== undefined || looked !== undefined;
  const settle = () => {
    open -= 1;
    if (open > 0) return;
    recorder?.end(id);
    context.ended();
  };
  /** A shadow that gets no copy for our own reasons. */
  const loseCopy = (shadow: ShadowSide, loss: Loss) => {
    endCopy(shadow, { ...ended('lost'), loss });
  };
  const write = (side: string, facts: Omit<RecordFacts, 'id' | 'key' | 'at'>, input?: KeptBody, output?: KeptBody) =>
    recorder?.add(side, recordLine({ ...facts, id, key, at }, input, output), at);

  /** @param body of the request, which is held until then */
  const endCopy = (shadow: ShadowSide, end: CopyEnd, body?: Buffer) => {
    const finish = (input: Buffer | undefined, plain: Buffer | undefined) => {
      // What cannot be unpacked, or shown without what is to be left out, is no answer.
      const good = isGood(end.status) && end.outcome === 'answered';
      const output = good && plain !== undefined ? keptAnswer(plain, end.headers, keeping) : undefined;
      shadow.metrics.count(end.outcome, end);
      looked?.shadow(shadow.metrics, output ?? (good ? 'unreadable' : undefined));
      const stream = output === undefined || plain === undefined ? undefined : streamFacts({ ...end, plain });
      // What a request asks for decides how some answers are read, on both sides alike.
      const asked =
        output === undefined || input === undefined ? undefined : keptRequest(input, req.rawHeaders, keeping);
      write(shadow.name, { ...end, stream, copies: [] }, asked && withoutBytes(asked), output);
      settle();
    };
    if (!kept || end.body === undefined) finish(undefined, undefined);
    else
      afterUnpacking(recorder === undefined ? undefined : body, req.rawHeaders, keeping.most, (input) =>
        afterUnpacking(end.body, end.headers, keeping.most, (plain) => finish(input, plain)),
      );
  };

  const sendCopies = () => {
    if (sent) return;
    sent = true;
    const body = request.whole();
    if (body !== undefined) key = context.keyOf(callersId(req, body, route, context.idHeader), id);
    for (const shadow of shadows) {
      if (body === undefined) {
        loseCopy(shadow, request.lost === 'size' ? 'request-size' : 'memory');
        continue;
      }
      const copy = shadow.copyOf(req, id, body);
      const onEnd = (end: CopyEnd) => endCopy(shadow, end, body);
      // That it has no such route is an answer: what production was asked, it was not able to answer.
      if (copy === undefined) onEnd(ended('refused'));
      else cancels.push(shadow.copies.offer({ ...copy, id, method: req.method ?? 'POST', body, onEnd }));
    }
  };

  const endLive = (end: LiveEnd) => {
    const loss = liveLoss(end, answer);
    if (!sent) {
      // Its last byte never went: there is nothing to be copied, and nothing that counts.
      sent = true;
      for (const shadow of shadows) loseCopy(shadow, loss ?? 'not-sent');
    }
    if (end.outcome === 'client-gone' && context.cancelWithClient) for (const cancel of cancels) cancel('client-gone');
    const body = request.whole();
    const answered = loss === undefined && end.outcome === 'answered' ? answer.whole() : undefined;
    const finish = (input: Buffer | undefined, plain: Buffer | undefined) => {
      let lost = loss;
      let output: KeptBody | undefined;
      if (answered !== undefined && isGood(end.status) && kept) {
        output = plain === undefined ? undefined : keptAnswer(plain, end.headers, keeping);
        if (output === undefined) lost = plain === undefined ? 'answer-size' : 'unredacted';
      }
      const outcome = lost !== undefined || end.outcome === 'client-gone' ? 'lost' : end.outcome;
      const facts = { outcome, loss: lost, status: end.status, ms: end.ms, firstByteMs: end.firstByteMs } as const;
      context.live.count(outcome, facts);
      const asked = input === undefined ? undefined : keptRequest(input, req.rawHeaders, keeping);
      looked?.live(asked, output);
      if (recorder !== undefined) {
        const stream =
          output === undefined || plain === undefined
            ? undefined
            : streamFacts({ ...end, plain, arrivals: answer.arrivals });
        write(LIVE_FOLDER, { ...facts, stream, copies: shadows.map(({ name }) => name) }, asked, output);
      }
      request.release();
      answer.release();
      settle();
    };
    if (!kept) finish(undefined, undefined);
    else
      afterUnpacking(body, req.rawHeaders, keeping.most, (input) =>
        afterUnpacking(answered, end.headers, keeping.most, (plain) => finish(input, plain)),
      );
  };

  passToLive(req, res, { ...plan, request, answer, onSent: sendCopies, onEnd: endLive });
}

/** Calls back with a body without its compression: undefined where that cannot be undone. */
export function afterUnpacking(
  body: Buffer | undefined,
  headers: RawHeaders,
  most: number,
  then: (plain: Buffer | undefined) => void,
): void {
  const plain = body === undefined ? undefined : unpacked(body, headers, most);
  if (plain instanceof Promise) void plain.then(then);
  else then(plain);
}

/** Of bytes, the type alone tells how many rows they are, and the live side's record holds them. */
export function withoutBytes(body: KeptBody): KeptBody {
  return body.encoding === 'BASE64' ? { ...body, data: '' } : body;
}

/** An answer that is one: its body is compared. */
export function isGood(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** Why the live answer is not known, where that is nobody's fault but ours or the caller's. */
export function liveLoss({ outcome }: LiveEnd, answer: KeptChunks): Loss | undefined {
  if (outcome === 'client-gone') return 'client-gone';
  if (outcome !== 'answered' || answer.lost === undefined) return undefined;
  return answer.lost === 'size' ? 'answer-size' : 'memory';
}

/** The id that a caller gave the request: in a header, or in its body. */
export function callersId(
  req: IncomingMessage,
  body: Buffer,
  route: Route,
  idHeader: string | undefined,
): string | undefined {
  const own = idHeader === undefined ? undefined : headerValue(req.rawHeaders, idHeader);
  return own ?? headerValue(req.rawHeaders, INFERENCE_ID) ?? (route.idInBody ? idInBody(body) : undefined);
}

/** Ids of callers that are remembered, so that a repeated one is not taken for the same pair. */
const REMEMBERED_IDS = 100_000;

/** Gives each pair a key of its own: the caller's id, and where that came before in this run, with the mirror's own behind it. */
export function keysOnce(): ExchangeContext['keyOf'] {
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
