import { AwsProblem } from '../../aws/errors.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { isSettled } from '../../resources/wait.ts';
import { recordFact } from '../../state/journal.ts';
import type { Release } from '../../state/releases.ts';
import { UpdateRefused } from '../guarded-update/start.ts';
import { type Judgement, nothingJudged } from '../judge.ts';
import { recordEnd } from '../plain-update.ts';
import { promoteDetached, promoteShadowOn } from '../promote.ts';
import { type LockedEndpoint, lockEndpoint, openRun, type Session } from '../session.ts';
import { type EvidenceLook, stillFits } from './evidence.ts';
import type { Move, Seen } from './machine.ts';
import { answersInRegistry, statusOf } from './registry.ts';
import { secureArtifact } from './source.ts';
import { noteTrouble } from './send-notes.ts';
import { markOf, type TickParts } from './tick-parts.ts';

/** A move, and what it was decided on. `mark`: where the journal stood. */
interface Task {
  release: Release;
  mark: string;
  move: Exclude<Move, { kind: 'wait' | 'judge' }>;
  seen: Seen;
  look: EvidenceLook | undefined;
}

/** Carries one move out under the lock, where the release still stands as it was looked at. */
export async function carryOut(session: Session, parts: TickParts, task: Task): Promise<void> {
  const { endpoint } = parts;
  try {
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      if (markOf(on.state()) === task.mark && (await stillAsSeen(on, task))) await perform(on, parts, task);
    });
  } catch (error) {
    await noteTrouble(session, parts, task.release, error);
    throw error;
  }
}

/** Moves that change what the endpoint runs. */
const CHANGES_ENDPOINT: ReadonlySet<Move['kind']> = new Set(['attach', 'promote', 'detach']);

/**
 * Whether the endpoint still runs what the move was decided for. Since then the evidence was looked at, for minutes: another's shadow
 * may stand where the release's stood, and would be promoted, or removed, in its place.
 */
async function stillAsSeen({ aws, endpoint, session }: LockedEndpoint, { move, seen }: Task): Promise<boolean> {
  if (!CHANGES_ENDPOINT.has(move.kind) || seen.endpoint.kind !== 'settled') return true;
  const live = await describeEndpoint(aws, endpoint, session.signal);
  return live !== undefined && isSettled(live) && live.EndpointConfigName === seen.endpoint.config;
}

async function perform(on: LockedEndpoint, parts: TickParts, task: Task): Promise<void> {
  const { release, move, look } = task;
  const { session } = on;
  const at = session.clock.now();
  const id = { release: release.id };
  const record = async (fact: Parameters<typeof recordFact>[1]) => recordFact(await openRun(on, 'release'), fact);
  switch (move.kind) {
    case 'copy':
      return secureArtifact(on, release);
    case 'attach': {
      const { step, again } = move;
      const sample = release.begun.terms.sampling[step] ?? 1;
      return parts.evidence.attach(on, release, { step, again }, (run, names) =>
        recordFact(run, { name: 'release-attaching', value: { ...id, step, sample, ...names, at } }),
      );
    }
    case 'gather':
      await recordRunning(on, release.config);
      return record({ name: 'release-gathering', value: { ...id, step: release.step, at } });
    case 'ask': {
      const verdict = verdictOf(look);
      const ask = release.asks.length + 1;
      const report = await keepReport(on, parts, { release: release.id, ask }, look);
      const registry = answersInRegistry(release)
        ? (await statusOf(session, release.begun.source.name))?.status
        : undefined;
      const { digest } = parts;
      const kept = {
        ...(report !== undefined && { report }),
        ...(registry !== undefined && { registry }),
        ...(digest !== undefined && { settings: digest }),
      };
      const value = { ...id, ask, about: move.about, ...verdict, ...kept, at };
      return record({ name: 'release-asked', value });
    }
    case 'approve': {
      const ask = release.ask?.ask ?? 0;
      const value = { ...id, ask, answer: 'approve', by: 'the settings (approve: auto)', how: 'auto', at };
      return record({ name: 'release-answered', value });
    }
    case 'turn':
      return record({
        name: 'release-turned',
        value: { ...id, ask: release.ask?.ask ?? 0, ...verdictOf(look), at },
      });
    case 'promote':
      return promote(on, parts, task, move);
    case 'follow':
      // Done by the tick itself, without the lock.
      return undefined;
    case 'settle':
      return record({
        name: 'release-settling',
        value: { ...id, config: release.config ?? '', until: at + parts.settings.settle, at },
      });
    case 'detach':
      return parts.evidence.detach(on, async (run) => {
        if (release.leaving === undefined || release.leaving.why !== move.why)
          await recordFact(run, {
            name: 'release-detaching',
            value: { ...id, why: move.why, reason: move.reason, at },
          });
      });
    case 'end': {
      const { endpoint } = task.seen;
      await parts.evidence.close?.(release);
      if (release.at === 'detaching' && endpoint.kind === 'settled') await recordRunning(on, endpoint.config);
      return record({ name: 'release-ended', value: { ...id, outcome: move.outcome, reason: move.reason, at } });
    }
  }
}

/** Keeps what the question rests on. People are asked all the same where it cannot be kept. @returns its URI */
async function keepReport(
  { session, endpoint }: LockedEndpoint,
  { reports }: TickParts,
  of: { release: string; ask: number },
  look: EvidenceLook | undefined,
): Promise<string | undefined> {
  if (reports === undefined || look?.report === undefined) return undefined;
  try {
    return await reports.keep({ endpoint, ...of }, look.report);
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    session.emit({ kind: 'report-not-kept', problem: error });
    return undefined;
  }
}

/** The endpoint runs the config that it was told to run: for the history. */
async function recordRunning(on: LockedEndpoint, config: string | undefined): Promise<void> {
  const { aws, endpoint, session } = on;
  const live = await describeEndpoint(aws, endpoint, session.signal);
  if (live !== undefined && config !== undefined && live.EndpointConfigName === config)
    await recordEnd(on, config, { kind: 'running', endpoint: live });
}

function verdictOf(look: EvidenceLook | undefined) {
  if (look === undefined) throw new Error('a release decided without a look at its evidence');
  const { outcome, summary, reasons } = look.evidence;
  return { outcome, summary, reasons: [...reasons] };
}

async function promote(
  on: LockedEndpoint,
  { settings }: TickParts,
  { release, look, seen }: Task,
  { alone, again }: Extract<Move, { kind: 'promote' }>,
): Promise<void> {
  const at = on.session.clock.now();
  const model = release.model ?? '';
  const value = (config: string) => ({ release: release.id, model, config, beside: !alone, at });
  const announce = (run: JournaledRun, config: string) =>
    recordFact(run, { name: 'release-promoting', value: value(config) });
  const configName = again && (await stillFits(on, release.config)) ? release.config : undefined;
  const options = { guard: settings.guard, configName, traffic: undefined };
  if (alone && look !== undefined) {
    // By a batch: judged now, and nothing was on the endpoint.
    const was = {
      config: seen.endpoint.kind === 'settled' ? seen.endpoint.config : '',
      shadow: { variant: '', model, images: [] },
      judgement: look.judgement,
    };
    await promoteDetached(on, { ...options, force: !look.evidence.passes }, was, announce);
    return;
  }
  if (alone) {
    const runs = seen.endpoint.kind === 'settled' ? seen.endpoint.config : '';
    const judgement: Judgement = nothingJudged(outcomeOf(release.ask?.outcome), release.ask?.summary ?? '');
    const was = { config: runs, shadow: { variant: '', model, images: [] }, judgement };
    await promoteDetached(on, { ...options, force: judgement.outcome !== 'pass' }, was, announce);
    return;
  }
  if (look === undefined) throw new Error('a release promotes only what was looked at');
  try {
    await promoteShadowOn(on, { ...options, force: !look.evidence.passes }, look.judgement, announce);
  } catch (error) {
    if (!(error instanceof UpdateRefused)) throw error;
    const run = await openRun(on, 'release');
    const refused = { release: release.id, words: error.words, at: on.session.clock.now() };
    await recordFact(run, { name: 'release-unguardable', value: refused });
  }
}

function outcomeOf(words: string | undefined): Judgement['outcome'] {
  return words === 'pass' || words === 'fail' ? words : 'inconclusive';
}
