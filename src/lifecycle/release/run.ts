import { createHash } from 'node:crypto';
import { HeldByAnother } from '../../state/lock.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { subscribersOf } from '../../aws/sns.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { interrupted, Problem, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { replay } from '../../state/replay.ts';
import { openRelease, type Release } from '../../state/releases.ts';
import type { Target } from '../events.ts';
import { targetsOf } from '../notify.ts';
import type { ReleasePlan } from '../plans.ts';
import { withInterruptAdvice } from '../interrupt.ts';
import { type Session, viewEndpoint } from '../session.ts';
import type { ReleaseJudging } from './evidence.ts';
import { releaseEvidence } from './port.ts';
import type { ReportShelf } from './reports.ts';
import { answerRelease, beginRelease, type ReleaseAnswering, type ReleaseRequest, requireOpen } from './release.ts';
import { tick, type TickResult } from './runner.ts';
import { type ReleaseSettings, requireKnownAuthor, termsOf } from './settings.ts';
import { releaseUnderWay } from './under-way.ts';
import { lookForArtifacts, planWatched, type WatchLook } from './watch.ts';
import type { TickParts } from './tick-parts.ts';

/** What a release works with, read anew by each command. */
export interface ReleaseParts {
  endpoint: string;
  settings: ReleaseSettings;
  judging: ReleaseJudging;
  /** Who is told, in addition to the project's targets. */
  targets: readonly Target[];
  /** Where the report of a question is kept; undefined: nowhere. */
  reports?: ReportShelf | undefined;
  /** The longest that a look at the evidence may take, in milliseconds; undefined: as long as it takes. */
  lookWithin?: number | undefined;
  /** Before this moment (ms since the epoch) nothing is looked at that no deadline asks for. */
  lookAgain?: number | undefined;
  /** Is told how long a look took, in milliseconds. */
  looked?: ((took: number) => void) | undefined;
}

export interface RunRequest extends Omit<ReleaseRequest, 'settings' | 'terms' | 'from'> {
  /** Begin a release of each new artifact below this prefix. */
  watch: string | undefined;
  /** In place of what the settings say. */
  approve: 'ask' | 'auto' | undefined;
  /** Do what can be done now, and return. */
  once: boolean;
}

export type RunResult =
  | Exclude<TickResult, { kind: 'ended' }>
  /** `earlier`: this candidate's release had ended before. */
  | { kind: 'ended'; release: Release; earlier?: true }
  | { kind: 'planned'; plan: ReleasePlan }
  /** With --plan: this candidate's release is under way. */
  | { kind: 'known'; endpoint: string; release: Release };

/** Begins what is named, and ticks: once, or until it has ended (with a watch: until it is interrupted). */
export async function runRelease(session: Session, parts: ReleaseParts, request: RunRequest): Promise<RunResult> {
  const { settings, judging } = parts;
  requireLooks(judging.policy);
  requireCanary(judging.policy, settings);
  requireKnownAuthor(settings, request.watch);
  const { once, wanted } = request;
  const terms = termsOf({ ...settings, approve: request.approve ?? settings.approve }, judging.policy.fallback);
  const ticking = await tickParts(session, parts);
  const named = Object.values(wanted).some((one) => one !== undefined);
  if (request.plan && request.watch !== undefined) {
    const begun = await planWatched(session, { ...request, prefix: request.watch, settings, terms });
    if (begun === undefined) return { kind: 'idle' };
    return begun.kind === 'planned' ? begun : { kind: 'known', endpoint: request.endpoint, release: begun.release };
  }
  if (request.plan && !named)
    throw usageError(
      '--plan shows whether a candidate could be released, and none was named.',
      'Give --artifact, --model, --model-package or --watch.',
    );
  if (named) {
    const begun = await beginRelease(session, { ...request, settings, terms, from: 'hand' }).catch((error: unknown) => {
      // Of two ticks side by side, the other begins it.
      if (once && error instanceof HeldByAnother) return { kind: 'busy' as const, words: error.message };
      throw error;
    });
    if (begun.kind === 'busy') return begun;
    if (begun.kind === 'planned') return begun;
    if (begun.kind === 'known' && begun.release.ended !== undefined)
      return { kind: 'ended', release: begun.release, earlier: true };
    if (begun.kind === 'known' && request.plan)
      return { kind: 'known', endpoint: request.endpoint, release: begun.release };
  }
  await sayUnheard(session, ticking.targets);
  return withAdvice(session, request, ticking, () => tickOn(session, parts, request, { terms, ticking }));
}

/** An interrupt tells of the release, wherever in a tick it comes. */
async function withAdvice<T>(
  session: Session,
  request: Pick<RunRequest, 'endpoint' | 'watch'>,
  ticking: TickParts,
  work: () => Promise<T>,
): Promise<T> {
  const { signal } = session;
  const cost = await costOf(session, ticking);
  return withInterruptAdvice(
    signal,
    () => interruptedRelease(session, request, cost),
    () =>
      work().catch((error: unknown) => {
        throw signal.aborted && error instanceof Problem && error.kind === 'interrupted' ? signal.reason : error;
      }),
  );
}

/** What the shadow costs, in words, for who stops it while it waits; undefined where nobody can say. */
async function costOf(session: Session, { endpoint, evidence }: TickParts): Promise<string | undefined> {
  try {
    return await viewEndpoint(session, endpoint, (on) => evidence.cost(on, openRelease(on.state())));
  } catch (error) {
    if (error instanceof Problem && error.kind !== 'interrupted') return undefined;
    throw error;
  }
}

/** What stands, what it costs, and how to go on. */
async function interruptedRelease(
  session: Session,
  { endpoint, watch }: Pick<RunRequest, 'endpoint' | 'watch'>,
  cost: string | undefined,
): Promise<Problem> {
  const release = releaseUnderWay(replay((await session.journal(endpoint)).events()), endpoint);
  const again = text`${shown('release', { endpoint, watch })}`;
  if (release === undefined)
    return interrupted(
      'Interrupted. No release is under way, and nothing more begins by itself.',
      text`To look again: ${again}`,
    );
  const billed =
    release.batch !== undefined
      ? ' Transform jobs that are running go on, and are billed.'
      : release.sees === undefined
        ? ''
        : ` Its shadow stays, and is billed until it ends${cost === undefined ? '' : `: ${cost}`}.`;
  const update = release.waitsFor === 'update' ? ' What was begun in AWS continues there.' : '';
  return interrupted(
    `Interrupted. ${release.text}.${update}${billed} Nothing more is decided until the next look.`,
    lines(text`To go on waiting: ${again}`, release.next),
  );
}

/** Ticks: once, or until it has ended (with a watch: until it is interrupted). */
async function tickOn(
  session: Session,
  parts: ReleaseParts,
  request: RunRequest,
  { terms, ticking }: { terms: ReleaseRequest['terms']; ticking: TickParts },
): Promise<TickResult> {
  const { watch, once } = request;
  const { settings } = parts;
  for (;;) {
    try {
      const queue = watch === undefined ? undefined : await look(session, parts, request, watch, terms, ticking);
      let result = await tick(session, ticking);
      // The next one in order begins at once.
      if (watch !== undefined && result.kind === 'ended' && queue?.kind === 'queued')
        if ((await look(session, parts, request, watch, terms, ticking))?.kind === 'begun')
          result = await tick(session, ticking);
      // An end is told once: who watches waits for what comes next.
      if (watch !== undefined && result.kind === 'ended' && result.before === true)
        result = { kind: 'idle', last: result.release };
      if (once || (watch === undefined && (result.kind === 'ended' || result.kind === 'idle'))) return result;
    } catch (problem) {
      // Whoever waits for hours is not stopped by a reply that did not come: the next tick tries again.
      if (once || !(problem instanceof Problem) || problem.kind !== 'cannot-run') throw problem;
      const { credentials } = (await session.aws()).target;
      if (problem instanceof AwsProblem && problem.aboutCredentials && credentials !== undefined)
        throw endedCredentials(problem, request);
      session.emit({ kind: 'tick-failed', problem });
    }
    await session.clock.sleep(settings.every, session.signal);
  }
}

/** Keys of the environment cannot be renewed while this runs: there is no use in another look. */
function endedCredentials(problem: AwsProblem, { endpoint, watch }: Pick<RunRequest, 'endpoint' | 'watch'>): Problem {
  return new Problem(
    problem.kind,
    `${problem.message} What was begun in AWS continues there, and a shadow stays, and is billed; nothing more is decided until the next look.`,
    {
      next: lines(problem.next, text`Then go on: ${shown('release', { endpoint, watch })}`),
      cause: problem,
    },
  );
}

async function look(
  session: Session,
  parts: ReleaseParts,
  request: RunRequest,
  prefix: string,
  terms: ReleaseRequest['terms'],
  { targets }: TickParts,
): Promise<WatchLook | undefined> {
  const { settings } = parts;
  try {
    // To watch is a standing order.
    const ordered: Session = { ...session, approve: async () => undefined };
    return await lookForArtifacts(ordered, { ...request, settings, terms, prefix, targets });
  } catch (error) {
    if (error instanceof HeldByAnother) return undefined;
    throw error;
  }
}

/**
 * Writes an answer down, and does what follows from it now: where the settings here are those by which was asked. Elsewhere, as on
 * the laptop of whoever got a mail, the verdict would be made by another policy, and the promotion guarded by other alarms.
 */
export async function answer(session: Session, parts: ReleaseParts, given: ReleaseAnswering): Promise<AnswerResult> {
  const { ask } = await requireOpen(session, given);
  const here = ask?.settings === undefined || ask.settings === digestOf(parts);
  if (here && given.answer === 'approve') requireCanary(parts.judging.policy, parts.settings);
  const release = await answerRelease(session, given);
  if (!here) return { kind: 'noted', release };
  const ticking = await tickParts(session, parts);
  return withAdvice(session, { endpoint: given.endpoint, watch: undefined }, ticking, () => tick(session, ticking));
}

export type AnswerResult =
  | TickResult
  /** It was written down; the settings here are others than those by which was asked, and nothing follows from them. */
  | { kind: 'noted'; release: Release };

/** Of what a verdict and a promotion rest on in the settings. Pure. */
function digestOf({ settings, judging }: Pick<ReleaseParts, 'settings' | 'judging'>): string {
  const { labels, quiet, guard, batch } = settings;
  const { strategy, limits, alarms, baselineMinutes, unguarded } = guard;
  const all = {
    policy: judging.policy,
    labels,
    quiet,
    guard: { strategy, limits, alarms, baselineMinutes, unguarded },
    ...(batch !== undefined && { batch }),
  };
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(all, sorted)).digest('hex').slice(0, 16);
}

async function tickParts(session: Session, parts: ReleaseParts): Promise<TickParts> {
  const { endpoint, settings, judging, reports, lookWithin, lookAgain, looked } = parts;
  return {
    endpoint,
    settings,
    reports,
    lookWithin,
    lookAgain,
    looked,
    digest: digestOf({ settings, judging }),
    evidence: releaseEvidence(session, endpoint, { settings, judging }),
    targets: await targetsOf(session, parts.targets),
  };
}

/** A release looks at every tick: bounds that hold for one look would promise too much. @throws Problem (usage) */
function requireLooks({ looks }: Policy): void {
  if (looks === 'once')
    throw usageError(
      'The policy says looks: once, and a release looks at every tick.',
      'Leave looks out of the policy: its bounds then hold however often one looks.',
    );
}

/** What holds in one window may not hold in the next: an approval of it would not be carried out. @throws Problem (usage) */
function requireCanary({ accept }: Policy, { guard: { strategy } }: ReleaseSettings): void {
  if (accept === 'window' && strategy.strategy !== 'canary')
    throw usageError(
      `The policy says accept: window, and strategy under release: is ${strategy.strategy}: what rests on one window alone is promoted by a canary only.`,
      'Leave strategy out of release:, or accept out of the policy.',
    );
}

/** Says which topics nobody gets mail from: SNS takes a message for them without a word. */
async function sayUnheard(session: Session, targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    if (target.kind !== 'topic') continue;
    try {
      const { confirmed, pending } = await subscribersOf(await session.aws(), target.arn, session.signal);
      if (confirmed === 0) session.emit({ kind: 'no-subscribers', arn: target.arn, pending });
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error;
      if (error.denied)
        session.emit({
          kind: 'not-seen',
          unseen: { what: `whether anybody gets what is sent to ${target.arn}`, needs: error.missing },
        });
      else session.emit({ kind: 'not-notified', target, reason: error.message });
    }
  }
}
