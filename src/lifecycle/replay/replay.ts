import { mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { withSpill } from '../../analysis/compare/spill.ts';
import { type KeptBody, LIVE_FOLDER, recordLine } from '../../analysis/mirrored/record.ts';
import { newRunName } from '../../analysis/mirrored/run.ts';
import { isMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import { stopwatch } from '../../base/clock.ts';
import { onDisk } from '../../base/disk.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { claimLock } from '../../base/process-lock.ts';
import { DEFAULT_BOUNDS, DEFAULT_RECORDS } from '../../mirror/config.ts';
import { afterUnpacking, isGood, keysOnce, withoutBytes } from '../../mirror/exchange.ts';
import { keptAnswer, keptRequest } from '../../mirror/record/body.ts';
import { Recorder, type RecorderOptions } from '../../mirror/record/recorder.ts';
import { whoAmI } from '../../state/lock.ts';
import { doTask, type Session } from '../session.ts';
import { concurrencyNeeded, type LoadLimits, loadShots, LoadTally, type StepResult } from './load.ts';
import { consentFor, lookAtTarget, type Pace, paceWords, shotsOf, unsafeOn } from './plan.ts';
import type { LoadStep, ReplayPlan } from './planned.ts';
import { readRecording, type SourceOptions } from './read.ts';
import type { Recording } from './recording.ts';
import { type SendBounds, sendShots, type Sent, type ShotEnd } from './send.ts';
import { Stopper, type StopReason } from './stop.ts';
import { type SentCounts, Tally } from './tally.ts';
import { openTarget, type ReplayTarget, type TargetOptions } from './target.ts';

export interface ReplayOptions extends SourceOptions, TargetOptions, Omit<SendBounds, 'concurrency'> {
  /** Requests under way at the most; undefined: 256, and under load what its limits need, twice. */
  concurrency: number | undefined;
  pace: Pace;
  /** Of the requests only the first so many. */
  count: number | undefined;
  /** Folder of the pairs; undefined: none are kept. */
  records: string | undefined;
  /** Share of failed requests beyond which nothing more is sent. */
  maxErrors: number | undefined;
  /** Undefined: the recording is sent once. */
  load: LoadOptions | undefined;
  /** Only say what would be done. */
  plan: boolean;
}

export interface LoadOptions {
  /** Rising, of the peak. */
  factors: readonly number[];
  /** Milliseconds of each. */
  stepMs: number;
  /** Requests a second; undefined: those of the recording's busiest minute. */
  peakPerSecond: number | undefined;
  limits: LoadLimits;
}

export type RecordsEvent = Parameters<RecorderOptions['onEvent']>[0];

export type ReplayResult =
  | { kind: 'planned'; plan: ReplayPlan }
  | {
      kind: 'sent';
      plan: ReplayPlan;
      run: string;
      counts: SentCounts;
      stopped: Stopped;
      elapsed: number;
      recordsLost: number;
    }
  | { kind: 'loaded'; plan: ReplayPlan; steps: readonly StepResult[]; stopped: Stopped };

/** Why it ended before its last request. */
export type Stopped = StopReason | 'interrupted' | undefined;

/** The side that answers now, and its folder. */
const SHADOW = 'shadow';
const MB = 1024 * 1024;
/** What is kept of an answer after it was unpacked. */
const MOST = 64 * MB;
const KEEPING = { bodies: true, redact: undefined, most: MOST };

/**
 * Sends the requests of a recording again, and keeps each with the answer of then and of now.
 *
 * @throws Problem (usage) where it is not clear what is to be sent, or where; (cannot-run) where the target or the disk refuses from the
 * beginning
 */
export async function replay(
  session: Session,
  options: ReplayOptions,
  hooks: { onRecords: (event: RecordsEvent) => void },
): Promise<ReplayResult> {
  const { records } = options;
  if (records !== undefined && (await isMirrorFolder(records)))
    throw usageError(
      `${records} holds records already.`,
      'Each replay has a folder of its own, so that no answers of two are mixed: name another with --records.',
    );
  return withSpill(join(tmpdir(), `shadowctl-replay-${userInfo().uid}`), async (folder) => {
    const recording = await doTask(session, { name: 'read-recording', sources: options.from }, () =>
      readRecording(session, options, folder),
    );
    try {
      return await replayRecording(session, options, recording, hooks);
    } finally {
      await recording.close();
    }
  });
}

async function replayRecording(
  session: Session,
  options: ReplayOptions,
  recording: Recording,
  hooks: { onRecords: (event: RecordsEvent) => void },
): Promise<ReplayResult> {
  const { facts } = recording;
  if (facts.requests === 0)
    throw usageError(
      `${options.from.join(', ')}: there is no request that can be sent again${leftWords(facts)}.`,
      'Check what was recorded: bodies of requests are needed.',
    );
  const target = await openTarget(session, options, facts);
  const plan = await planOf(session, options, recording, target);
  if (options.plan) return { kind: 'planned', plan };
  await session.approve(plan);
  return options.load === undefined
    ? sendOnce(session, options, { recording, target, plan }, hooks)
    : load(session, options, options.load, { recording, target, plan });
}

function leftWords({ left, unwanted }: Recording['facts']): string {
  const first = Object.values(left)[0]?.first;
  if (first !== undefined) return `; the first part that cannot, in ${first.file}: ${first.why}`;
  return unwanted > 0 ? `; --only leaves out all ${unwanted}` : '';
}

async function planOf(
  session: Session,
  options: ReplayOptions,
  recording: Recording,
  target: ReplayTarget,
): Promise<ReplayPlan> {
  const { facts } = recording;
  const { pace, count = facts.requests, load: asked, target: spec } = options;
  const steps = asked === undefined ? undefined : loadSteps(asked, recording);
  const { ms } = steps === undefined ? shotsOf(recording, pace, count) : { ms: steps.steps.length * steps.stepMs };
  const requests =
    steps === undefined
      ? Math.min(count, facts.requests)
      : steps.steps.reduce((sum, { perSecond }) => sum + Math.round((perSecond * steps.stepMs) / 1000), 0);
  const plan = {
    kind: 'replay' as const,
    recording: facts,
    target: target.name,
    spec,
    pace: paceWords(pace),
    requests,
    ms,
    concurrency: options.concurrency ?? boundFor(steps?.steps ?? [], asked?.limits),
    timeout: options.timeout,
    unsafe: unsafeOn(spec, facts),
    credentials: options.credentials && facts.withCredentials > 0 && spec.kind === 'http',
    contentType: options.contentType,
    records: options.records,
    maxErrors: options.maxErrors,
    endpoint: await lookAtTarget(session, spec),
    load: steps,
  };
  return { ...plan, consent: consentFor(plan) };
}

const DEFAULT_CONCURRENCY = 256;
const MAX_CONCURRENCY = 10_000;

function boundFor(steps: readonly LoadStep[], limits: LoadLimits | undefined): number {
  const needed = limits === undefined ? [] : steps.map((step) => 2 * concurrencyNeeded(step, limits));
  return Math.min(MAX_CONCURRENCY, Math.max(DEFAULT_CONCURRENCY, ...needed.filter(Number.isFinite)));
}

/** @throws Problem (usage) where nobody knows what the peak is */
function loadSteps({ factors, stepMs, peakPerSecond }: LoadOptions, { facts }: Recording): ReplayPlan['load'] {
  const peak = peakPerSecond ?? (facts.peak === undefined ? undefined : facts.peak.requests / 60);
  if (peak === undefined)
    throw usageError(
      facts.span === undefined
        ? 'The recording does not say when its requests were made: it has no busiest minute.'
        : 'The recording is shorter than a minute: it has no busiest minute.',
      'Say what the peak is, in requests a second: --peak 50/s',
    );
  return {
    steps: factors.map((factor) => ({ factor, perSecond: factor * peak })),
    peakPerSecond: peak,
    stepMs,
    from: peakPerSecond === undefined ? 'recording' : 'said',
  };
}

interface Prepared {
  recording: Recording;
  target: ReplayTarget;
  plan: ReplayPlan;
}

async function sendOnce(
  session: Session,
  options: ReplayOptions,
  { recording, target, plan }: Prepared,
  hooks: { onRecords: (event: RecordsEvent) => void },
): Promise<ReplayResult> {
  const { clock, signal } = session;
  const run = newRunName(clock.now());
  const tally = new Tally();
  const stopper = new Stopper(options.maxErrors);
  const { shots } = shotsOf(recording, options.pace, plan.requests);
  const { sent, lost } = await withPairs(session, options, { recording, target, plan, run, tally }, hooks, (pairs) =>
    doTask(session, { name: 'replay', to: target.name, requests: plan.requests, step: undefined }, (report) =>
      sendShots(clock, signal, { recording, target, run }, shots, plan, {
        onBegin: pairs?.begin,
        onEnd(shot) {
          tally.add(shot);
          stopper.add(shot);
          pairs?.end(shot);
        },
        async onTick() {
          report.progress({ kind: 'sent', sent: tally.due, failed: tally.wrong });
          await pairs?.tick();
        },
        stop: () => stopper.reason,
      }),
    ),
  );
  const stopped = stoppedBy(sent, stopper);
  if (stopped !== 'interrupted') refuseSilence(tally, stopped, target);
  return { kind: 'sent', plan, run, counts: tally.counts(), stopped, elapsed: sent.elapsed, recordsLost: lost };
}

/** What stopped it, or would have: few requests are over before anybody asks. */
function stoppedBy(sent: Sent, stopper: Stopper): Stopped {
  return sent.stopped === 'interrupted' ? 'interrupted' : stopper.reason;
}

/** @throws Problem (cannot-run) where not one request was answered: nothing of the target is known */
function refuseSilence(tally: Tally, stopped: Stopped, target: ReplayTarget): void {
  if (tally.answered > 0 || (tally.counted === 0 && stopped !== 'credentials')) return;
  if (stopped === 'credentials')
    throw environmentError(
      `${target.name} was not asked: the credentials are missing, have ended, or may not call sagemaker:InvokeEndpoint.`,
      'Check --profile, and what these credentials may do: shadowctl doctor --permissions says it.',
    );
  const { failed, unsent } = tally.counts();
  const ways = Object.entries(failed).map(([how, n]) => `${n} ${SILENCE[how] ?? how}`);
  if (unsent > 0) ways.push(`${unsent} not sent, because too many were in flight`);
  throw environmentError(
    `${target.name} answered none of the first ${tally.counted} requests: ${ways.join(', ')}.`,
    'Check the address, and whether the model is up; then run it again with another folder for --records.',
  );
}

const SILENCE: Readonly<Record<string, string>> = {
  refused: 'found no connection',
  broken: 'broke off',
  timeout: 'got no answer in time',
};

/** What keeps pairs. */
interface Pairs {
  begin: (id: string, at: number) => void;
  end: (shot: ShotEnd) => void;
  tick: () => Promise<void>;
}

const ROOM = 'Make room, or name another folder with --records.';

async function withPairs(
  session: Session,
  { records, timeout }: ReplayOptions,
  { recording, target, plan, run, tally }: Prepared & { run: string; tally: Tally },
  hooks: { onRecords: (event: RecordsEvent) => void },
  work: (pairs: Pairs | undefined) => Promise<Sent>,
): Promise<{ sent: Sent; lost: number }> {
  if (records === undefined) return { sent: await work(undefined), lost: 0 };
  const { clock } = session;
  const { facts } = recording;
  await onDisk(records, ROOM, () => mkdir(records, { recursive: true, mode: 0o700 }));
  const claim = await onDisk(records, ROOM, () =>
    claimLock(join(records, 'replay.lock'), { by: whoAmI(), why: 'replay', now: clock.now(), takeDamaged: true }),
  );
  if (claim.kind !== 'taken')
    throw environmentError(`Another replay writes into ${records}.`, 'Name another folder with --records.');
  const about = { speed: plan.pace, latencies: facts.latencies, statuses: facts.statuses };
  let last = 0;
  try {
    const recorder = await onDisk(records, ROOM, () =>
      Recorder.open({
        folder: records,
        kind: 'replay',
        replay: about,
        run,
        live: `recorded: ${facts.sources.join(', ')}`,
        shadows: [{ name: SHADOW, url: target.name, share: 1, timeoutMs: timeout }],
        ...DEFAULT_RECORDS,
        memory: DEFAULT_BOUNDS.memory,
        wall: () => (last = Math.max(last, clock.now())),
        now: () => stopwatch(clock),
        finished: () => undefined,
        onEvent: hooks.onRecords,
      }),
    );
    const pairs = pairsInto(recorder);
    try {
      return { sent: await work(pairs), lost: recorder.lost };
    } finally {
      const { lag } = tally.counts();
      recorder.about({ ...about, ...(lag === undefined ? {} : { lag: { p99: lag.p99, most: lag.max } }) });
      await pairs.settled();
      await recorder.close();
    }
  } finally {
    await claim.lock.release();
  }
}

/** Writes both answers of each request, as a mirror does. */
function pairsInto(recorder: Recorder): Pairs & { settled(): Promise<void> } {
  const keyOf = keysOnce();
  const open = new Set<Promise<unknown>>();
  const write = (
    { id, at, request, answer, end, unsent, lag }: ShotEnd,
    asked: KeptBody | undefined,
    output: KeptBody | undefined,
  ) => {
    const { outcome: before = 'lost', loss = before === 'lost' ? ('unlogged' as const) : undefined } = answer ?? {};
    const key = keyOf(request.key, id);
    recorder.add(
      LIVE_FOLDER,
      recordLine(
        {
          ...{ id, key, at, outcome: before, loss, status: answer?.status, ms: answer?.ms },
          ...{ firstByteMs: undefined, copies: [SHADOW] },
        },
        asked,
        answer === undefined || isGood(answer.status ?? 200) ? answer?.body : undefined,
      ),
      at,
    );
    // The bound is the target's doing only where the sender was in time.
    const behind = unsent && lag > BEHIND;
    recorder.add(
      SHADOW,
      recordLine(
        { ...end, id, key, at, copies: [], ...(behind ? { outcome: 'lost', loss: 'sender' } : {}) },
        asked && withoutBytes(asked),
        output,
      ),
      at,
    );
    recorder.end(id);
  };
  return {
    begin: (id, at) => recorder.begin(id, at),
    end(shot) {
      const { request, end } = shot;
      const good = end.outcome === 'answered' && isGood(end.status);
      const done = new Promise<void>((resolve) => {
        afterUnpacking(request.body, request.headers, MOST, (input) =>
          afterUnpacking(good ? end.body : undefined, end.headers, MOST, (plain) => {
            write(
              shot,
              input === undefined ? undefined : keptRequest(input, request.headers, KEEPING),
              plain === undefined ? undefined : keptAnswer(plain, end.headers, KEEPING),
            );
            resolve();
          }),
        );
      });
      const kept: Promise<unknown> = done.finally(() => open.delete(kept));
      open.add(kept);
    },
    tick: () => recorder.tick(),
    async settled() {
      await Promise.all(open);
    },
  };
}

/** Milliseconds after which the sender's own delay may be what filled its bound. */
const BEHIND = 20;

async function load(
  session: Session,
  options: ReplayOptions,
  { limits, stepMs }: LoadOptions,
  { recording, target, plan }: Prepared,
): Promise<ReplayResult> {
  const { clock, signal } = session;
  const steps: StepResult[] = [];
  let stopped: Stopped;
  let first = recording.firstFrom(recording.facts.peak?.from ?? Number.NEGATIVE_INFINITY);
  for (const step of plan.load?.steps ?? []) {
    const { result, why, tally } = await loadStep(step);
    if (why !== 'interrupted' && steps.length === 0) refuseSilence(tally, why, target);
    steps.push(result);
    stopped = why;
    if (why !== undefined || result.outcome === 'fails') break;
  }
  return { kind: 'loaded', plan, steps, stopped };

  async function loadStep(step: LoadStep) {
    const tally = new Tally();
    const counted = new LoadTally(limits);
    const stopper = new Stopper(options.maxErrors);
    const shots = loadShots(recording, step, stepMs, first, plan.load?.from === 'said');
    const run = newRunName(clock.now());
    const sent = await doTask(
      session,
      { name: 'replay', to: target.name, requests: undefined, step: step.factor },
      (report) =>
        sendShots(clock, signal, { recording, target, run }, shots, plan, {
          onEnd(shot) {
            tally.add(shot);
            counted.add(shot);
            stopper.add(shot);
          },
          async onTick() {
            report.progress({ kind: 'sent', sent: tally.due, failed: tally.wrong });
          },
          stop: () => stopper.reason,
        }),
    );
    first = (first + sent.due) % recording.facts.requests;
    const why = stoppedBy(sent, stopper);
    const counts = tally.counts();
    const result = counted.result(step, counts, {
      bound: plan.concurrency,
      whole: why === undefined,
      ms: why === undefined ? stepMs : Math.min(stepMs, sent.elapsed),
    });
    return { result, why, tally };
  }
}
