import { DEFAULT_POLICY } from '../../analysis/policy/policy.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { environmentError, Problem, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { dateAndTime } from '../../base/units.ts';
import { planStrategy, type Strategy } from '../../guard/strategy.ts';
import { type Live, productionOf, readLive, requireOurs } from '../../resources/live.ts';
import { chooseName } from '../../resources/naming.ts';
import type { Step } from '../../resources/steps.ts';
import { isSettled } from '../../resources/wait.ts';
import { recordFact } from '../../state/journal.ts';
import {
  openRelease,
  type Release,
  type ReleaseSource,
  releasesOf,
  type ReleaseTerms,
  sameSource,
} from '../../state/releases.ts';
import { checkCandidateNames, examineCandidate, nameCandidate, planModel } from '../candidate.ts';
import { examineAhead } from '../guarded-update/examine.ts';
import { requireGuardable } from '../guarded-update/start.ts';
import {
  adopts,
  type EndpointSession,
  type LockedEndpoint,
  lockEndpoint,
  onEndpoint,
  openRun,
  placeOf,
  recordAdoption,
  type Session,
  viewEndpoint,
} from '../session.ts';
import type { PlanNote, ReleasePlan } from '../plans.ts';
import { pricesOf } from '../prices.ts';
import { attachShadowOn } from '../shadow/attach.ts';
import { requireShadowable } from '../shadow/plan.ts';
import { batchSettingsOf } from './batch-run.ts';
import type { ReleaseBatch } from './batch-settings.ts';
import { answerUntil } from './machine.ts';
import { isNamed, isSame } from './approvers.ts';
import { checkOwnClock, requireOwnClock } from './own-clock.ts';
import type { ReleaseSettings } from './settings.ts';
import { termsFor } from './registry.ts';
import { candidateOf, identify, planArtifact, type Wanted } from './source.ts';

export interface ReleaseRequest {
  endpoint: string;
  wanted: Wanted;
  image: string | undefined;
  algorithm: string | undefined;
  allowMismatch: boolean;
  settings: ReleaseSettings;
  terms: ReleaseTerms;
  from: 'hand' | 'watch';
  /** Older candidates, which start none when this one begins. */
  over?: readonly ReleaseSource[];
  /** Begin another one of a candidate whose release has ended. */
  again: boolean;
  adopt: boolean;
  /** Only look whether it could begin. */
  plan: boolean;
}

export type ReleaseBegin =
  /** It could begin; nothing was written down. */
  | { kind: 'planned'; plan: ReleasePlan }
  | { kind: 'begun'; release: Release }
  /** The same content has a release already: under way, or ended. */
  | { kind: 'known'; release: Release };

/**
 * Begins a release: writes down what is to be released, after everything was looked at that could speak against it. What is
 * to be done is done by `tick`.
 * @throws Problem (usage) where the candidate cannot be loaded there; (cannot-run) where another release is under way
 */
export async function beginRelease(session: Session, request: ReleaseRequest): Promise<ReleaseBegin> {
  const { endpoint, wanted, plan } = request;
  checkCandidateNames({ ...wanted, image: request.image, algorithm: request.algorithm });
  const source = await identify(session, wanted);
  const terms = await termsFor(session, request.terms, source);
  return onEndpoint(session, { endpoint, command: 'release', readOnly: plan }, async (on) => {
    const known = knownRelease(on, source, request.again);
    if (known !== undefined) return { kind: 'known', release: known };
    const examined = await examine(on, { ...request, terms }, source);
    requireOwnClock(on.aws, session.clock.now());
    // Whoever ordered it beforehand is shown none.
    const planned = await planRelease(on, { ...request, terms }, source, examined);
    if (!on.locked) return { kind: 'planned', plan: planned };
    await session.approve(planned);
    const run = await openRun(on, 'release');
    if (examined.adopt) await recordAdoption(run);
    const at = session.clock.now();
    const taken = releasesOf(on.state()).map(({ id }) => id);
    const { image, algorithm, allowMismatch, over = [] } = request;
    await recordFact(run, {
      name: 'release-begun',
      value: {
        release: chooseName(endpoint, 'release', at, taken),
        source,
        from: request.from,
        ...(image !== undefined && { image }),
        ...(algorithm !== undefined && { algorithm }),
        ...(allowMismatch && { allowMismatch }),
        ...(over.length > 0 && { over }),
        terms,
        at,
      },
    });
    const release = openRelease(on.state());
    if (release === undefined) throw new Error('a release that was just begun is not in the journal');
    return { kind: 'begun', release };
  });
}

/** @throws Problem (cannot-run) where a release of something else is under way */
function knownRelease(on: EndpointSession, source: ReleaseSource, again: boolean): Release | undefined {
  const all = releasesOf(on.state());
  const open = openRelease(on.state());
  if (open !== undefined) {
    const { endpoint } = on;
    const same = sameSource(open.begun.source, source);
    if (same && !(again && open.at === 'detaching')) return open;
    if (same)
      throw environmentError(
        `Release ${open.id} of ${open.begun.source.name} on endpoint "${endpoint}" is ending: its shadow is being removed.`,
        text`Let it end, and begin another then: ${shown('release', { endpoint, once: true })}`,
      );
    throw environmentError(
      `Release ${open.id} of ${open.begun.source.name} on endpoint "${endpoint}" is under way: one at a time.`,
      lines(
        text`See how it stands: ${shown('release status', { endpoint })}`,
        text`End it:            ${shown('release cancel', { endpoint })}`,
      ),
    );
  }
  return again ? undefined : all.findLast(({ begun }) => sameSource(begun.source, source));
}

/** What stands before a release. */
interface Examined {
  live: Live;
  /** The endpoint is to be adopted. */
  adopt: boolean;
  /** Undefined where somebody else's shadow must end first. */
  strategy: Strategy | undefined;
}

/** Everything that can be known to stand in the way, before anything is created. */
async function examine(on: EndpointSession, request: ReleaseRequest, source: ReleaseSource): Promise<Examined> {
  const { aws, endpoint, session, journal } = on;
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  const adopt = adopts(live, on.state(), request.adopt);
  if (!adopt) requireOurs(live, on.state(), journal.path, 'adopt');
  const { settings, image, algorithm, allowMismatch } = request;
  const shadows = live.config?.ShadowProductionVariants ?? [];
  let strategy: Strategy | undefined;
  // One that somebody else has attached is waited for.
  if (shadows.length === 0) {
    if (settings.batch === undefined)
      requireShadowable(live, { variantName: 'shadow', instanceType: settings.instanceType, calibrates: false });
    else requireBatchable(settings.batch, live, endpoint);
    strategy = strategyFor(endpoint, requireGuardable(live), settings);
    await requireGuards(on, live, strategy, settings);
  }
  const begun = { ...beginning(request, source), image, algorithm, allowMismatch };
  await examineCandidate(session, candidateOf({ begun, uri: undefined }, settings), live.model, true);
  return { live, adopt, strategy };
}

/** What is known to be wrong with its batch. @throws Problem (cannot-run): it is in the settings */
function requireBatchable(batch: ReleaseBatch, live: Live, endpoint: string): void {
  const { variant } = productionOf(live);
  const of = { batch: endpoint, model: 'its candidate', production: variant.ModelName ?? '', policy: DEFAULT_POLICY };
  asSettings(() => batchSettingsOf(batch, { ...of, decisions: undefined }));
}

/** @throws Problem (cannot-run): what is wrong is in the settings, and no fault of the candidate */
function strategyFor(endpoint: string, fleet: number, { guard }: ReleaseSettings): Strategy {
  return asSettings(() => planStrategy(guard.strategy, fleet, endpoint, false, guard.say));
}

function asSettings<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem && error.kind === 'usage') throw environmentError(error.message, error.next, error);
    throw error;
  }
}

/**
 * What would be found when it is promoted, days later, is found now.
 * @throws Problem (cannot-run) where its update would be guarded by nothing, as it is set
 */
async function requireGuards(
  on: EndpointSession,
  live: Live,
  strategy: Strategy,
  { guard }: ReleaseSettings,
): Promise<void> {
  if (guard.unguarded) return;
  const { variant } = productionOf(live);
  const [first, ...others] = await examineAhead(on, guard, {
    endpoint: on.endpoint,
    variant: variant.VariantName,
    liveConfig: live.endpoint.EndpointConfigName ?? '',
    strategy,
  });
  if (first === undefined) return;
  throw environmentError(
    `The candidate could be proven and not promoted. ${[first, ...others].map(({ subject, message }) => `${subject}: ${message}`).join(' ')}`,
    first.next,
  );
}

/** What a release does, as far as that can be said before it begins. Changes nothing. */
async function planRelease(
  on: EndpointSession,
  request: ReleaseRequest,
  source: ReleaseSource,
  { live, adopt, strategy }: Examined,
): Promise<ReleasePlan> {
  const { endpoint, session } = on;
  const { terms, settings } = request;
  const { variant, instances } = productionOf(live);
  const type = settings.instanceType ?? variant.InstanceType;
  const count = instances ?? variant.InitialInstanceCount ?? 1;
  const { batch } = settings;
  const shadow =
    type === undefined || batch !== undefined ? [] : [{ instanceType: type, count: settings.instances ?? count }];
  const added = strategy?.name === 'rolling' ? (strategy.stages[0] ?? count) : count;
  const canary = variant.InstanceType === undefined ? [] : [{ instanceType: variant.InstanceType, count: added }];
  const [other] = live.config?.ShadowProductionVariants ?? [];
  const waits = !isSettled(live.endpoint)
    ? `The endpoint is ${live.endpoint.EndpointStatus}: the release waits until that has ended.`
    : other === undefined
      ? undefined
      : `The endpoint carries another shadow, ${other.VariantName} with ${other.ModelName}: the release waits until that has ended.`;
  const planned = batch === undefined ? planShadowOf : planModelOf;
  const attached = waits === undefined ? await planned(on, request, source, live) : { steps: [], notes: [] };
  return {
    kind: 'release',
    place: placeOf(on),
    endpoint,
    source,
    adopt,
    terms,
    settle: settings.settle,
    waits,
    ...attached,
    strategy,
    fleets: { shadow, canary },
    batch,
    prices: await pricesOf(session, shadow, canary, batch === undefined ? [] : [batch]),
  };
}

/** Notes of a shadow's plan that say what a release says otherwise, or decides by its settings. */
const SAID_OTHERWISE: ReadonlySet<PlanNote['kind']> = new Set(['shadow-cost', 'single-instance', 'cost']);

/** What brings the artifact to its place, makes the model and attaches the shadow: as `shadow` would plan it. */
async function planShadowOf(on: EndpointSession, request: ReleaseRequest, source: ReleaseSource) {
  const { endpoint, session } = on;
  const { settings, image, algorithm, allowMismatch, terms } = request;
  const begun = { ...beginning(request, source), image, algorithm, allowMismatch };
  const copies = source.kind === 'artifact' || source.kind === 'file';
  const { uri, steps: bring } = copies ? await planArtifact(on, source) : { uri: undefined, steps: [] };
  // What was found was told when it was examined.
  const looking: EndpointSession = { ...on, locked: false, session: { ...session, emit: () => undefined } };
  const planned = await attachShadowOn(looking, {
    endpoint,
    candidate: candidateOf({ begun, uri: undefined }, settings),
    sample: terms.sampling[0] ?? 1,
    instanceType: settings.instanceType,
    instances: settings.instances,
    adopt: true,
    plan: true,
  });
  const key = ({ kind, name }: Step) => `${kind} ${name}`;
  const brought = new Set(bring.map(key));
  const attach = planned.plan.steps.filter((step) => !brought.has(key(step))).map((step) => withArtifact(step, uri));
  return { steps: [...bring, ...attach], notes: planned.plan.notes.filter(({ kind }) => !SAID_OTHERWISE.has(kind)) };
}

/** What brings the artifact to its place, and makes the model that a batch runs. */
async function planModelOf(on: EndpointSession, request: ReleaseRequest, source: ReleaseSource, live: Live) {
  const { session } = on;
  const { settings, image, algorithm, allowMismatch } = request;
  const begun = { ...beginning(request, source), image, algorithm, allowMismatch };
  const copies = source.kind === 'artifact' || source.kind === 'file';
  const { uri, steps: bring } = copies ? await planArtifact(on, source) : { uri: undefined, steps: [] };
  const candidate = candidateOf({ begun, uri: undefined }, settings);
  const quiet: Session = { ...session, emit: () => undefined };
  const checked = await examineCandidate(quiet, candidate, live.model);
  const names = await nameCandidate(on, candidate);
  const made = (await planModel(on, candidate, names, checked, live.model)).filter(({ kind }) => kind === 'model');
  return { steps: [...bring, ...made.map((step) => withArtifact(step, uri))], notes: [] };
}

/** The model points at the copy. */
function withArtifact(step: Step, uri: string | undefined): Step {
  if (uri === undefined || step.kind !== 'model' || step.action !== 'create') return step;
  return { ...step, input: { ...step.input, PrimaryContainer: { ...step.input.PrimaryContainer, ModelDataUrl: uri } } };
}

function beginning({ terms, from }: ReleaseRequest, source: ReleaseSource): Release['begun'] {
  return { release: 'not yet', source, from, terms, at: 0 };
}

export interface ReleaseAnswering {
  endpoint: string;
  answer: 'approve' | 'reject' | 'cancel';
  /** The question it answers, from 1; undefined: the one that is open. */
  question: number | undefined;
  reason: string | undefined;
}

/**
 * Writes an answer down, by whoever's credentials these are; what follows from it is done by `tick`.
 * @throws Problem (no) where this question is not open (any more), or this caller may not answer it
 */
export async function answerRelease(session: Session, answering: ReleaseAnswering): Promise<Release> {
  const { endpoint, answer } = answering;
  const by = await (await session.aws()).caller();
  if (answer === 'approve' && by === undefined)
    throw environmentError(
      'STS did not tell whose credentials these are: an approval must say whose it is.',
      'Try again when STS can be reached.',
    );
  return lockEndpoint(session, { endpoint, command: `release ${answer}` }, async (on) => {
    const release = openFor(on, answering);
    if (answer === 'approve') {
      requireApprover(on, release, by ?? '');
      await checkOwnClock(on);
    }
    return recordAnswer(on, release, answering, { by: by ?? 'somebody', how: 'command' });
  });
}

/** Writes an answer down. Needs the lock. */
export async function recordAnswer(
  on: LockedEndpoint,
  release: Release,
  { answer, reason }: Pick<ReleaseAnswering, 'answer' | 'reason'>,
  who: { by: string; how: 'command' | 'link' | 'registry' },
): Promise<Release> {
  const run = await openRun(on, `release ${answer}`);
  await recordFact(run, {
    name: 'release-answered',
    value: {
      release: release.id,
      ask: release.ask?.ask ?? 0,
      answer,
      ...who,
      ...(reason !== undefined && { reason }),
      at: on.session.clock.now(),
    },
  });
  return releasesOf(on.state()).at(-1) ?? release;
}

/** The release that this answer is for, where it can still be given. @throws Problem (no) where not */
function openFor(on: EndpointSession, { answer, question }: Pick<ReleaseAnswering, 'answer' | 'question'>): Release {
  const { endpoint } = on;
  const last = releasesOf(on.state()).at(-1);
  const now = on.session.clock.now();
  const refuse = (words: string) => {
    throw new Problem('no', words, { next: text`See how it stands: ${shown('release status', { endpoint })}` });
  };
  if (last === undefined)
    throw usageError(
      `There is no release on endpoint "${endpoint}" in this journal.`,
      text`Begin one: ${shown('release', { endpoint, artifact: '…' })}`,
    );
  if (last.ended !== undefined) refuse(`Release ${last.id} has ended (${last.ended.outcome}): nothing was changed.`);
  if (last.at === 'promoting' || last.at === 'settling')
    throw new Problem('no', `Release ${last.id} is becoming production already: nothing was changed.`, {
      next: lines(
        text`Stop the update: ${shown('abort', { endpoint })}`,
        text`Go back later:   ${shown('undo', { endpoint })}`,
      ),
    });
  // An approval can be taken back until the update has begun: it may wait for hours that are not quiet.
  const takesBack = answer === 'cancel' && last.answer?.answer === 'approve';
  if (last.answer !== undefined && !takesBack)
    refuse(`${last.answer.by} has answered already (${last.answer.answer}): nothing was changed.`);
  if (answer === 'approve' && last.at !== 'asking')
    refuse(`There is nothing to approve yet: release ${last.id} is ${last.at}. Nothing was changed.`);
  if (answer === 'approve' && last.begun.terms.unanswered === 'keep' && now >= answerUntil(last))
    refuse(
      `Answers to release ${last.id} were taken until ${dateAndTime(answerUntil(last))} UTC. Nothing was changed.`,
    );
  if (question !== undefined && question !== last.ask?.ask)
    refuse(
      last.ask === undefined
        ? `Question ${question} of release ${last.id} is not open any more: the verdict has turned. Nothing was changed.`
        : `Question ${question} of release ${last.id} is not open any more: by now it is question ${last.ask.ask} (${last.ask.outcome}). Nothing was changed.`,
    );
  return last;
}

/** @throws Problem (no) where this caller may not approve it */
function requireApprover(on: EndpointSession, release: Release, by: string): void {
  const { approvers, author } = release.begun.terms;
  if (approvers.length > 0 && !isNamed(approvers, by))
    throw new Problem('no', `${by} may not approve release ${release.id}: the settings name ${approvers.join(', ')}.`, {
      next: 'Ask one of them.',
    });
  const began = on.state().runs.find(({ run }) => run === release.run)?.caller;
  if (author === 'excluded' && (began === undefined || isSame(began, by)))
    throw new Problem(
      'no',
      began === undefined
        ? `Who began release ${release.id} is not known, and its author may not approve it.`
        : began === by
          ? `${by} began release ${release.id}, and its author may not approve it.`
          : `${began} began release ${release.id}: it cannot be shown that ${by} is a different person, and its author may not approve it.`,
      { next: 'Ask someone with another user or role.' },
    );
}

/** Every release of an endpoint, oldest first. */
export function releaseHistory(session: Session, endpoint: string): Promise<Release[]> {
  return viewEndpoint(session, endpoint, async (on) => releasesOf(on.state()));
}

/** The release that an answer would be for. @throws Problem (no) where it cannot be given */
export function requireOpen(
  session: Session,
  { endpoint, ...answering }: Pick<ReleaseAnswering, 'endpoint' | 'answer' | 'question'>,
): Promise<Release> {
  return viewEndpoint(session, endpoint, async (on) => openFor(on, answering));
}
