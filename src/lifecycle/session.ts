import type { Aws } from '../aws/clients.ts';
import { experimentOn } from '../aws/experiments.ts';
import { describeEndpoint, isEndpointBusy } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import type { Clock } from '../base/clock.ts';
import { environmentError, Problem } from '../base/errors.ts';
import type { AthenaSettings } from '../base/project.ts';
import { lines, shown, text } from '../base/text.ts';
import { MINUTE } from '../base/units.ts';
import { stopExperiment } from '../guard/experiment.ts';
import { apply, type JournaledRun, startRun } from '../resources/apply.ts';
import { type Live, ownership, SeveralVariants } from '../resources/live.ts';
import { checkName, isName } from '../resources/naming.ts';
import { resolveOpenSteps } from '../resources/resolve.ts';
import { withoutLostTargets } from '../resources/scaling.ts';
import type { Step } from '../resources/steps.ts';
import { type Endpoint, type Settled, waitForEndpoint } from '../resources/wait.ts';
import type { Journal, Recorded } from '../state/journal.ts';
import { replay, type State } from '../state/replay.ts';
import { standingOf } from '../state/moved.ts';
import { positionOf } from '../state/rollouts.ts';
import type { StateRoot } from '../state/store.ts';
import type { LifecycleEnd, LifecycleEvent, Message, Target, Task, TaskEnd, TaskProgress } from './events.ts';
import { restoreAlarm } from './guarded-update/alarm-override.ts';
import { inRollout, lockedByRollout } from './in-rollout.ts';
import { interruptAdvice, withInterruptAdvice } from './interrupt.ts';
import type { LifecyclePlan, Place } from './plans.ts';
import type { CapturesPlace } from './captures-cache.ts';

/** Everything a lifecycle function needs of whoever calls it: the command line makes one, and so can a script. */
export interface Session {
  readonly clock: Clock;
  /** Aborts when the user interrupts. Every wait listens to it. */
  readonly signal: AbortSignal;
  /** Relative paths of files are taken from here. */
  readonly folder: string;
  /** The AWS account (or emulator) that is worked on. */
  aws(): Promise<Aws>;
  /** Where the journals are kept. */
  state(): Promise<StateRoot>;
  /** The journal of one endpoint in this account and region. */
  journal(endpoint: string): Promise<Journal>;
  project(): Promise<ProjectFacts>;
  /** US dollars an hour for one instance, by type, as said for this one command: they come before those of the project. */
  prices?: Readonly<Record<string, number>> | undefined;
  /** Where downloaded captures are kept, where that is not the state folder. */
  captures?(): Promise<CapturesPlace>;
  /** Receives each event as it happens. */
  emit(event: LifecycleEvent): void;
  /**
   * Is asked between planning and doing, with the endpoint's lock held.
   * @throws whatever refuses: nothing is changed then
   */
  approve(plan: LifecyclePlan): Promise<void>;
  /** The message about an end, for those who are notified. */
  describe(end: LifecycleEnd): Message;
}

/** What a project says about everything that is done in it. */
export interface ProjectFacts {
  /** For the tag `shadowctl:project`. */
  name: string;
  /** The folder of caches; of the journals too, where nothing else is said. */
  stateDir: string;
  /** ARN of the execution role for models, where one is set. */
  role: string | undefined;
  /** For everything that is created, in addition to shadowctl's own tags. */
  tags: Readonly<Record<string, string>>;
  /** US dollars an hour for one instance, by type: they come before every estimate. */
  prices: Readonly<Record<string, number>>;
  /** Who is notified of how updates end. */
  notify: readonly Target[];
  /** The policy, as written; `analysis/policy` knows what it may hold. */
  policy: unknown;
  /** What reads captures, where shadowctl.yaml says so, and how Athena is used. */
  engine?: 'local' | 'athena' | undefined;
  athena?: AthenaSettings | undefined;
}

interface EndpointParts {
  session: Session;
  endpoint: string;
  aws: Aws;
  /** The account's twelve digits. */
  account: string;
  journal: Journal;
  /** The journal replayed, as it is at this moment. */
  state(): State;
}

/** An endpoint that is only looked at: others may change it, and its journal, meanwhile. */
export interface ViewedEndpoint extends EndpointParts {
  locked: false;
}

/** An endpoint whose lock this session holds, after what earlier commands left open has been settled. */
export interface LockedEndpoint extends EndpointParts {
  locked: true;
}

/**
 * One endpoint, opened. What decides takes any, what changes AWS takes a locked one. A lock lasts as long as the work
 * that `onEndpoint` is given: an update that is watched for an hour afterwards holds none.
 */
export type EndpointSession = ViewedEndpoint | LockedEndpoint;

/** The account that is worked on: where STS cannot be reached, the ARN of any endpoint that has a journal here tells it. */
export async function accountHere(session: Pick<Session, 'aws' | 'state'>): Promise<string> {
  const aws = await session.aws();
  const root = await session.state();
  for (const account of await root.accounts()) {
    const [endpoint] = await root.endpoints(account, aws.target.region);
    if (endpoint !== undefined) return aws.account(endpoint);
  }
  return aws.account();
}

/** The journal of one endpoint, as it was read. */
export interface JournalHere {
  endpoint: string;
  events: readonly Recorded[];
  /** It is kept elsewhere by now, and is not gone on with here. */
  moved: boolean;
}

/** A journal that says nothing: it is damaged, or is no endpoint's at all. */
export interface DamagedJournal {
  /** By its file's name. */
  endpoint: string;
  problem: Problem;
}

/** What could not be gone on with because of journals that say nothing; undefined where there are none. */
export function damagedProblem(damaged: readonly DamagedJournal[]): Problem | undefined {
  const [first] = damaged;
  if (first === undefined) return undefined;
  const { message, next } = first.problem;
  const others = damaged.slice(1).map(({ problem }) => problem.message);
  return environmentError(
    `${damaged.length === 1 ? 'One journal was' : `${damaged.length} journals were`} left out; the others were not. ${message}`,
    lines(...others, next),
  );
}

/**
 * Every journal of this account and region in this place, sorted by the endpoint's name. One that cannot be read keeps
 * nobody from the others.
 */
export async function journalsHere(
  session: Pick<Session, 'aws' | 'state'>,
): Promise<{ account: string; journals: JournalHere[]; damaged: DamagedJournal[] }> {
  const root = await session.state();
  const account = await accountHere(session);
  const { region } = (await session.aws()).target;
  const journals: JournalHere[] = [];
  const damaged: DamagedJournal[] = [];
  for (const endpoint of await root.endpoints(account, region)) {
    const store = root.store({ account, region, endpoint });
    try {
      if (!isName('endpoint', endpoint))
        throw environmentError(
          `${store.path} is no endpoint's journal: "${endpoint}" cannot be the name of one.`,
          'Move the file elsewhere.',
        );
      const { events } = await store.read();
      journals.push({ endpoint, events, moved: standingOf(events).kind === 'moved' });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      damaged.push({ endpoint, problem });
    }
  }
  return { account, journals, damaged };
}

/** Does `work` on an endpoint without its lock: for looking and for plans. */
export async function viewEndpoint<T>(
  session: Session,
  endpoint: string,
  work: (on: ViewedEndpoint) => Promise<T>,
): Promise<T> {
  const on: ViewedEndpoint = { ...(await open(session, endpoint)), locked: false };
  noteJournal(on)();
  return toldOfRollout(on, () => work(on));
}

/**
 * Does `work` under the endpoint's lock, after what an earlier command left open has been settled.
 * @param words.command for the lock, and for what an interrupt says of how to go on
 * @throws Problem (cannot-run) where another process holds the lock; an interrupt becomes a Problem that says what
 * stands and how to go on
 */
export async function lockEndpoint<T>(
  session: Session,
  words: { endpoint: string; command: string },
  work: (on: LockedEndpoint) => Promise<T>,
): Promise<T> {
  const on: LockedEndpoint = { ...(await open(session, words.endpoint)), locked: true };
  const { aws, journal } = on;
  const reportNotes = noteJournal(on);
  reportNotes();
  const before = journal.events().length;
  const locked = withInterruptAdvice(
    session.signal,
    () => interruptAdvice(words, journal.events(), before),
    () =>
      journal.locked(`${words.command} --endpoint ${words.endpoint}`, async () => {
        reportNotes();
        const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
        for (const step of await resolveOpenSteps(aws, journal, unseen)) session.emit({ kind: 'recovered', step });
        const alarm = await restoreAlarm(() => openRun(on, 'abort: alarm rule restored'), aws, journal);
        if (alarm !== undefined) session.emit({ kind: 'alarm-restored', alarm });
        return toldOfRollout(on, () => work(on));
      }),
  );
  return locked.catch((error: unknown) => {
    throw lockedByRollout(words.endpoint, error, on.state());
  });
}

/** A rollout of ours has divided the requests between two variants: what stands then, and what goes on, is known. */
async function toldOfRollout<T>(on: EndpointSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const position = positionOf(on.state());
    if (!(error instanceof SeveralVariants) || position === undefined) throw error;
    throw inRollout(on.endpoint, position, 'Nothing else is done with the endpoint before');
  }
}

/**
 * Does `work` with the lock, or, with `readOnly`, without: `on.locked` says which, so a plan cannot change anything.
 * @param words.inExperiment also where an inference experiment of SageMaker's has the endpoint
 */
export function onEndpoint<T>(
  session: Session,
  words: { endpoint: string; command: string; readOnly: boolean; inExperiment?: true },
  work: (on: EndpointSession) => Promise<T>,
): Promise<T> {
  const checked = async (on: EndpointSession) => {
    if (words.inExperiment !== true) await refuseExperiment(on);
    return work(on);
  };
  return words.readOnly ? viewEndpoint(session, words.endpoint, checked) : lockEndpoint(session, words, checked);
}

/**
 * Refuses an endpoint that an inference experiment has: "After the test is complete, the endpoint reverts to the state it
 * was in prior to starting the test" (Developer Guide, "Create a shadow test"), whatever was changed meanwhile.
 * @throws Problem (cannot-run)
 */
export async function refuseExperiment({ session, aws, endpoint }: EndpointParts): Promise<void> {
  const found = await orUnseen(
    `inference experiments: whether one has endpoint "${endpoint}"`,
    () => experimentOn(aws, endpoint, session.signal),
    (unseen) => session.emit({ kind: 'not-seen', unseen }),
  );
  if (found === undefined) return;
  const { name, status, startsAt } = found;
  if (startsAt !== undefined) return session.emit({ kind: 'experiment-scheduled', name, endpoint, startsAt });
  throw environmentError(
    `Endpoint "${endpoint}" is in inference experiment "${name}", which is ${status}: SageMaker changes the endpoint until that has ended, and then gives it back as it was before.`,
    lines(
      'Wait until it has ended, or stop it, which takes its shadow away and leaves production as it is:',
      text`  ${stopExperiment(found)}`,
    ),
  );
}

async function open(session: Session, endpoint: string): Promise<EndpointParts> {
  checkName('endpoint', endpoint, '--endpoint');
  const aws = await session.aws();
  const account = await aws.account(endpoint);
  const journal = await session.journal(endpoint);
  return { session, endpoint, aws, account, journal, state: () => replay(journal.events()) };
}

/** Tells of what these credentials may not look at. */
export function notSeen(session: Session): (one: Unseen) => void {
  return (unseen) => session.emit({ kind: 'not-seen', unseen });
}

/** Where what is planned for an endpoint will be done. */
export function placeOf({ account, aws: { target } }: Pick<EndpointParts, 'account' | 'aws'>): Place {
  return { account, region: target.region, profile: target.profileInUse, endpointUrl: target.endpointUrl };
}

/** Passes the journal's notes on, each once. */
function noteJournal({ session, journal }: EndpointParts): () => void {
  let reported = 0;
  return () => {
    const notes = journal.notes();
    for (const note of notes.slice(reported)) session.emit({ kind: 'journal-note', note });
    reported = notes.length;
  };
}

/** Writes down that a command begins to work on the endpoint. */
export function openRun(on: LockedEndpoint, command: string, id?: string): Promise<JournaledRun> {
  const { aws, journal, session } = on;
  return startRun({ aws, journal, clock: session.clock, signal: session.signal }, command, id);
}

/** Applies steps one after the other; reports each that AWS has accepted. */
export async function applySteps(session: Session, run: JournaledRun, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await applyStep(session, run, step);
    session.emit({ kind: 'step-applied', step });
  }
}

/** Applies one step, as soon as the endpoint can be changed. */
export function applyStep(session: Session, run: JournaledRun, step: Step): Promise<void> {
  const change = () => apply(run, step);
  if (step.kind !== 'endpoint' || step.action === 'create') return change();
  const settled = () =>
    whenSettled(session, run.aws, { endpoint: step.name, deletes: step.action === 'delete' }, change);
  if (step.action === 'delete') return settled();
  return withoutLostTargets(run, step, settled, (applied) => session.emit({ kind: 'step-applied', step: applied }));
}

/** Longest wait for somebody else's change of an endpoint, such as a scaling activity. */
const MAX_BUSY_MS = 30 * MINUTE;
/** As often autoscaling may come first. */
const MAX_BUSY = 3;

/**
 * Changes an endpoint. Autoscaling or a colleague may have come first: then AWS refuses, and the same is asked again
 * once the endpoint has settled, as long as it still runs the same config.
 * @throws Problem (cannot-run) where somebody has given it another config meanwhile
 */
export async function whenSettled<T>(
  session: Session,
  aws: Aws,
  { endpoint, deletes = false }: { endpoint: string; deletes?: boolean },
  change: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await change();
    } catch (error) {
      if (!isEndpointBusy(error) || tries > MAX_BUSY) throw error;
      const before = await describeEndpoint(aws, endpoint, session.signal);
      const settled = await awaitSettled(session, aws, endpoint);
      const now = settled.kind === 'gone' ? undefined : settled.endpoint.EndpointConfigName;
      if (!deletes && now !== before?.EndpointConfigName) throw changedMeanwhile(endpoint, before, now);
    }
  }
}

/** Waits until nobody changes the endpoint any more. */
export function awaitSettled(session: Session, aws: Aws, endpoint: string): Promise<Settled> {
  return doTask(session, { name: 'await-settled', endpoint }, (report) =>
    waitForEndpoint(aws, session.clock, {
      endpoint,
      config: undefined,
      signal: session.signal,
      timeout: MAX_BUSY_MS,
      onLook: (seen) => report.progress({ kind: 'endpoint', endpoint: seen }),
      onTrouble: (problem) => report.progress({ kind: 'trouble', problem }),
    }),
  );
}

/** Somebody else gave the endpoint another config between the plan and the update. */
export function changedMeanwhile(
  endpoint: string,
  before: Pick<Endpoint, 'EndpointConfigName'> | undefined,
  now: string | undefined,
): Problem {
  return environmentError(
    `Endpoint "${endpoint}" was changed by someone else meanwhile: it ran ${before?.EndpointConfigName ?? 'nothing'}, now ${now ?? 'it is gone'}. It was not updated.`,
    text`Look at it (${shown('status', { endpoint })}), and run the command again.`,
  );
}

/** True where adoption was asked for and the endpoint is not yet ours. */
export function adopts(live: Live, state: State, asked: boolean): boolean {
  return asked && ['foreign', 'unknown-here'].includes(ownership(live, state));
}

/** Writes down that an endpoint that existed before us is changed like our own from now on, and never deleted. */
export async function recordAdoption(run: JournaledRun): Promise<void> {
  const value = { kind: 'endpoint' as const, name: run.journal.endpoint };
  await run.journal.append({ type: 'fact', run: run.id, name: 'adopted', value });
}

/** How work that takes a while tells of its progress, and, once, of its end. */
export interface TaskReporter {
  progress(progress: TaskProgress): void;
  end(end: TaskEnd): void;
}

/** Does work that takes a while. Where it does not tell its end itself, it is done, or was stopped by an error. */
export async function doTask<T>(session: Session, task: Task, work: (report: TaskReporter) => Promise<T>): Promise<T> {
  let ended = false;
  const end = (how: TaskEnd) => {
    if (!ended) session.emit({ kind: 'task-ended', task, end: how });
    ended = true;
  };
  session.emit({ kind: 'task-started', task });
  try {
    const result = await work({
      progress: (progress) => session.emit({ kind: 'task-progressed', task, progress }),
      end,
    });
    end({ kind: 'done' });
    return result;
  } finally {
    end({ kind: 'stopped' });
  }
}
