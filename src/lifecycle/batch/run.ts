import { join } from 'node:path';
import { nearestTransformType } from '../../analysis/batch/instance-type.ts';
import { dayPlus, type Period, periodOf } from '../../analysis/batch/period.ts';
import { withSpill } from '../../analysis/compare/spill.ts';
import { describeModel } from '../../aws/sagemaker.ts';
import { TRANSFORM_INSTANCE_TYPES } from '../../aws/transform-jobs.ts';
import { environmentError, interrupted, Problem, usageError } from '../../base/errors.ts';
import { lines, shownStart, text } from '../../base/text.ts';
import { counted } from '../../base/units.ts';
import { hourlyPrice, type PriceList } from '../../guard/prices.ts';
import { MAX_ROUNDS } from '../../analysis/batch/bisect.ts';
import { resolveOpenSteps } from '../../resources/resolve.ts';
import { attemptsOf, type RecordedAttempt } from '../../state/batches.ts';
import { withCapturesCache } from '../captures-cache.ts';
import { withInterruptAdvice } from '../interrupt.ts';
import type { BatchPlan, PlannedJob } from '../plans.ts';
import { pricesOf } from '../prices.ts';
import { notSeen, placeOf, type Session } from '../session.ts';
import { carryOut } from './carry-out.ts';
import type { BatchOn, BatchRun, Decision, LateDecision, LookedDay, RunHow } from './decision.ts';
import { type DeliveredObject, digestOf } from './deliver.ts';
import { findInputs, type Inputs, lookAtInputs } from './inputs.ts';
import { costOf, isOpen, lookAtJobs, StillRunning } from './jobs.ts';
import { countLate } from './late.ts';
import type { LookedAt } from './look.ts';
import { acceptOf, findCandidate } from './models.ts';
import { lookNotes, twiceDelivered } from './notes.ts';
import { groupsOf } from './objects.ts';
import { type BatchSettings, checkSettings } from './settings.ts';
import { openBatch } from './store.ts';
import { batchOn } from './on.ts';

/**
 * Runs a model (or two) over what was delivered for a day, compares, and keeps what it came to. A run that was stopped, by
 * whatever means, is gone on with by the same call: jobs that were begun are found by their names, and what has an output is not
 * asked again.
 * @throws Problem (usage, cannot-run) before anything is begun; (no) where it cost too much; (interrupted)
 */
export async function runDay(session: Session, asked: BatchSettings, day: string, how: RunHow): Promise<LookedDay> {
  checkSettings(asked);
  const { settings, notes } = withInstanceType(asked);
  const aws = await session.aws();
  const store = await openBatch(session, settings.batch);
  const { journal } = store;
  const on = await batchOn(session, settings.batch, store);
  const period = periodOf(day, settings.zone);
  const inSpool = <T>(work: (spool: string) => Promise<T>) =>
    withCapturesCache(session, (cache) => withSpill(join(cache, 'batches'), work));
  if (how.plan)
    return inSpool(async (spool) => {
      const decided = await decide(on, settings, { period, notes, spool, how });
      return 'plan' in decided ? { kind: 'planned', plan: decided.plan } : decided;
    });
  if (!how.waits) {
    const running = await runningJobs(on, settings, day);
    if (running > 0) return { kind: 'running', day, jobs: running };
  }
  return withInterruptAdvice(
    session.signal,
    () => stoppedAdvice(on, day),
    () =>
      journal.locked(`batch run --batch ${settings.batch}`, async () => {
        for (const step of await resolveOpenSteps(aws, journal, notSeen(session)))
          session.emit({ kind: 'recovered', step });
        return inSpool(async (spool) => {
          const decided = await decide(on, settings, { period, notes, spool, how });
          if (!('plan' in decided)) return decided.kind === 'late' ? countLate(on, decided) : decided;
          await session.approve(decided.plan);
          try {
            return await carryOut(on, decided, spool);
          } catch (error) {
            if (error instanceof StillRunning) return { kind: 'running', day, jobs: error.jobs };
            throw error;
          }
        });
      }),
  );
}

/**
 * Runs a day, and before it so many earlier ones: where they were run, and nothing has come since, that is all there is to it.
 * A day of which nothing was delivered, or that could not be run, keeps none of the others from it, and is told.
 * @param each called after each day
 * @throws Problem where the last day could not be run
 */
export async function runDays(
  session: Session,
  settings: BatchSettings,
  { day, before, plan }: { day: string; before: number; plan: boolean },
  each: (one: BatchRun) => void,
): Promise<void> {
  for (let back = before; back >= 0; back -= 1) {
    const one = dayPlus(day, -back);
    if (before > 0) session.emit({ kind: 'batch-day', day: one, what: 'begins' });
    try {
      const found = await runDay(session, settings, one, { plan, waits: true });
      if (found.kind === 'running') throw new Error('a run that waits returned before its jobs had ended');
      if (found.kind === 'missing' && back === 0) throw found.problem;
      if (found.kind === 'missing') session.emit({ kind: 'batch-day', day: one, what: 'missing' });
      each(found);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.kind === 'interrupted' || back === 0) throw problem;
      session.emit({ kind: 'batch-day', day: one, what: 'failed', problem });
    }
  }
}

/**
 * So many jobs of a day are running, and may go on: nothing need be read to know that. None where one of them must be stopped, because
 * it has cost too much.
 */
async function runningJobs(on: BatchOn, { maxCost, instanceType }: BatchSettings, day: string): Promise<number> {
  const { session, aws } = on;
  const last = attemptsOf(on.state(), day).at(-1);
  const begun = (last?.jobs ?? []).filter(({ ended }) => ended === undefined);
  if (last?.kept !== undefined || begun.length === 0) return 0;
  const jobs = await lookAtJobs(aws, maxCost === undefined ? begun : (last?.jobs ?? []), session.signal);
  if (maxCost !== undefined) {
    const cost = costOf(jobs, await pricesOf(session, [{ instanceType }]), session.clock.now());
    if (cost === undefined || cost > maxCost) return 0;
  }
  return jobs.filter(isOpen).length;
}

/** @throws Problem (usage) where transform jobs take no type that is like it */
function withInstanceType(asked: BatchSettings): { settings: BatchSettings; notes: string[] } {
  const nearest = nearestTransformType(asked.instanceType, TRANSFORM_INSTANCE_TYPES);
  if (nearest === undefined)
    throw usageError(
      `--instance-type ${asked.instanceType}: transform jobs have no type like it.`,
      `They take ${TRANSFORM_INSTANCE_TYPES.length} types, such as ml.m5.large, ml.c5.xlarge and ml.g4dn.xlarge.`,
    );
  if (nearest === asked.instanceType) return { settings: asked, notes: [] };
  return {
    settings: { ...asked, instanceType: nearest },
    notes: [`Transform jobs have no ${asked.instanceType}: ${nearest} is the nearest that they have.`],
  };
}

/** What an interrupted run leaves, and how it goes on. */
function stoppedAdvice({ batch, state }: BatchOn, day: string): Problem {
  const open = (attemptsOf(state(), day).at(-1)?.jobs ?? []).filter(({ ended }) => ended === undefined);
  const again = shownStart('batch run', { batch, day });
  if (open.length === 0) return interrupted('Interrupted. No job of this day is running.', text`To go on: ${again}`);
  return interrupted(
    `Interrupted. ${counted(open.length, 'jobs')} may go on in SageMaker, and ${open.length === 1 ? 'is' : 'are'} billed: ${open.map(({ job }) => job).join(', ')}.`,
    lines(
      text`To go on where it was stopped: ${again}`,
      ...open.map(
        ({ job }) =>
          text`To stop ${job}: ${{ program: 'aws', command: 'sagemaker stop-transform-job', options: { 'transform-job-name': job }, incomplete: false }}`,
      ),
    ),
  );
}

/** Looks at what was delivered and what stands; changes nothing. */
async function decide(
  on: BatchOn,
  settings: BatchSettings,
  { period, notes, spool, how }: { period: Period; notes: readonly string[]; spool: string; how: RunHow },
): Promise<Decision | LateDecision | Extract<BatchRun, { kind: 'unchanged' | 'missing' }>> {
  const { session, aws, store } = on;
  const last = attemptsOf(on.state(), period.day).at(-1);
  const kept = await store.read(period.day);
  const candidate = await findCandidate(on, settings);
  const inputs = await findInputs(session, aws, settings, period, spool);
  if (inputs instanceof Problem) return { kind: 'missing', day: period.day, problem: inputs };
  const same = last?.digest === inputs.digest;
  const look = (found: Inputs) => lookAtInputs(session, aws, settings, period, found, spool);
  if (last?.kept !== undefined && kept !== undefined && !settings.rerun) {
    if (same && (kept.failedObjects.length === 0 || !how.waits))
      return { kind: 'unchanged', day: kept, path: store.path };
    if (!same) {
      const late = lateObjects(inputs, last);
      if (late === undefined)
        throw usageError(
          `What was delivered for ${period.day} has changed since it was run: objects were replaced or removed.`,
          text`To run it again and replace its saved results: ${shownStart('batch run', { batch: on.batch, day: period.day, rerun: true })}`,
        );
      const looked = await look({ ...inputs, listed: late });
      return { kind: 'late', day: kept, path: store.path, objects: late.length, late: looked };
    }
  }
  const resumed = same && !(settings.rerun && last.kept !== undefined) ? last : undefined;
  const attempt = resumed?.attempt ?? (last?.attempt ?? 0) + 1;
  const looked = await look(inputs);
  requireRows(looked, period);
  const production =
    settings.against.kind === 'model' ? await describeModel(aws, settings.against.model, session.signal) : undefined;
  requirePrice(settings, await pricesOf(session, [settings]));
  const decision = {
    settings,
    period,
    inputs,
    looked,
    candidate,
    productionImage: production?.PrimaryContainer?.Image,
    resumed,
    attempt,
    how,
  };
  return { ...decision, plan: await planOf(on, decision, [...notes, ...inputs.notes]) };
}

/**
 * "Accept must match ContentType" where SageMaker processes data (facts 16.4): known before anything is begun.
 * @throws Problem (usage)
 */
function requireFilterable(jobs: readonly PlannedJob[], { inputFilter }: BatchSettings): void {
  const wrong = inputFilter === undefined ? undefined : jobs.find(({ accept, contentType }) => accept !== contentType);
  if (wrong === undefined) return;
  throw usageError(
    `--input-filter: SageMaker takes one only where answers are of the type of the rows, and ${wrong.model} is asked ${wrong.contentType} and answers ${wrong.accept}.`,
    'To leave out the column of the id, say --without-id.',
  );
}

/** A limit that nobody could hold would be none. @throws Problem (usage) */
function requirePrice({ maxCost, instanceType }: BatchSettings, prices: PriceList): void {
  if (maxCost === undefined || hourlyPrice(prices, instanceType) !== undefined) return;
  throw usageError(
    `--max-cost: what ${instanceType} costs in ${prices.region} is not known.`,
    `Specify it with --price ${instanceType}=DOLLARS, per hour.`,
  );
}

/** @throws Problem (cannot-run) where there is nothing that a model could be asked */
function requireRows(looked: readonly LookedAt[], { day }: Period): void {
  if (looked.some(({ scan }) => scan.asked > 0)) return;
  const rows = looked.reduce((sum, { scan }) => sum + scan.rows, 0);
  const [lost] = looked.flatMap(({ uri, scan }) => scan.lost.map((one) => ({ uri, ...one })));
  throw environmentError(
    rows === 0
      ? `What was delivered for ${day} has no rows.`
      : `None of the ${counted(rows, 'rows')} of ${day} can be asked of a model${lost === undefined ? '' : `: ${lost.uri}, line ${lost.line}: ${lost.why}`}.`,
    'Nothing was begun. Check --input, --captures and --content-type.',
  );
}

/** What came since the day was run, where the rest is as it was then. Pure. */
function lateObjects({ listed, digest }: Inputs, last: RecordedAttempt): DeliveredObject[] | undefined {
  const late = listed.filter(({ modified }) => modified > last.at);
  const before = listed.filter(({ modified }) => modified <= last.at);
  return late.length > 0 && digest !== last.digest && digestOf(before) === last.digest ? late : undefined;
}

async function planOf(on: BatchOn, decision: Omit<Decision, 'plan'>, notes: readonly string[]): Promise<BatchPlan> {
  const { session, batch, store } = on;
  const { settings, period, inputs, looked, candidate, productionImage, resumed } = decision;
  const rows = looked.reduce((sum, { scan }) => sum + scan.rows, 0);
  const all = plannedJobs(decision);
  requireFilterable(all, settings);
  const jobs = resumed === undefined ? all : [];
  const fleets = jobs.length > 0 ? jobs : [{ instanceType: settings.instanceType }];
  const days = await store.days();
  const before = days.filter((one) => one < period.day).at(-1);
  const earlier = before === undefined ? undefined : await store.read(before);
  return {
    kind: 'batch',
    place: placeOf(on),
    batch,
    day: period.day,
    zone: period.zone,
    places: inputs.places,
    objects: looked.length,
    bytes: looked.reduce((sum, { bytes }) => sum + bytes, 0),
    rows,
    resumes: resumed !== undefined,
    steps: candidate.steps,
    jobs,
    prices: await pricesOf(session, fleets),
    before: earlier && {
      day: earlier.day,
      rows: earlier.rows.delivered,
      ms: earlier.jobs.reduce((sum, { start, end }) => sum + ((end ?? 0) - (start ?? end ?? 0)), 0),
      dollars: earlier.cost,
    },
    maxCost: settings.maxCost,
    searches: settings.findBadRows ? MAX_ROUNDS * (productionImage === undefined ? 1 : 2) : 0,
    notes: [...notes, ...lookNotes(looked, settings), ...(await twiceDelivered(on, decision))],
  };
}

/** The jobs of a day that is run for the first time. Pure. */
function plannedJobs({ settings, looked, candidate, productionImage }: Omit<Decision, 'plan'>): PlannedJob[] {
  const groups = groupsOf(looked.map((one) => ({ ...one, asked: one.uri })).filter(({ scan }) => scan.asked > 0));
  const job = (side: PlannedJob['side'], model: string, image: string | undefined) =>
    groups.map(({ contentType, objects }) => ({
      side,
      model,
      objects: objects.length,
      instanceType: settings.instanceType,
      instances: Math.min(settings.instances, objects.length),
      contentType,
      accept: acceptOf(settings, contentType, image),
    }));
  return [
    ...job('candidate', candidate.model, candidate.image),
    ...(settings.against.kind === 'model' ? job('production', settings.against.model, productionImage) : []),
  ];
}
