import { noiseFloor } from '../../analysis/judge/noise-floor.ts';
import { comparisonBy } from '../../analysis/policy/answers.ts';
import { collect } from '../../analysis/observe/observe.ts';
import { environmentError, interrupted } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { MINUTE } from '../../base/units.ts';
import { type Live, productionOf, readLive } from '../../resources/live.ts';
import { type Calibration, calibrationOf } from '../../state/calibration.ts';
import { calibrationEnds } from '../calibration.ts';
import { nameCandidate } from '../candidate.ts';
import { type PlainUpdateResult, runPlainUpdate } from '../plain-update.ts';
import { doTask, type LockedEndpoint, notSeen, openRun } from '../session.ts';
import type { CalibrationOptions, DecidedShadow, ShadowOptions } from './options.ts';
import { planShadow } from './plan.ts';
import { withCapturesCache } from '../captures-cache.ts';
import { sayReadHere } from '../warehouse/read-here.ts';

/** A calibration, as far as it was decided before. */
interface Phase {
  wanted: CalibrationOptions;
  live: Live;
  adopt: boolean;
  /** The candidate's own plan: where captures go is the same in both. */
  first: DecidedShadow;
  /** The same phase, begun by a command that was stopped. */
  standing: Calibration | undefined;
}

export type CalibrationResult =
  /** The endpoint as it stands then. */
  | { kind: 'measured'; live: Live }
  /** The endpoint did not come up with the copy as its shadow. */
  | { kind: 'not-attached'; result: PlainUpdateResult };

/** Captures and metrics of the last minutes need this long to land. */
const LANDING_MS = 3 * MINUTE;

/**
 * Attaches production's own model as shadow, waits, and writes down how much the two copies differ: whatever differs
 * here is no fault of the candidate that comes after. A phase that stands already is gone on with.
 *
 * @throws Problem (interrupted) that says how to go on, or back
 */
export async function calibrate(on: LockedEndpoint, options: ShadowOptions, phase: Phase): Promise<CalibrationResult> {
  const { session, aws, endpoint } = on;
  try {
    const begun =
      phase.standing === undefined
        ? await attachItself(on, options, phase)
        : await goOn(on, phase.standing, phase.live);
    if ('result' in begun) return { kind: 'not-attached', result: begun.result };
    await sayReadHere(session);
    await measure(on, phase.wanted, begun.since);
  } catch (error) {
    throw stoppedPhase(on, phase, error);
  }
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw environmentError(`Endpoint "${endpoint}" was deleted while it was calibrated.`);
  return { kind: 'measured', live };
}

/** @returns since when a phase that stands has seen requests: at the latest since the endpoint changed last */
async function goOn({ session }: LockedEndpoint, standing: Calibration, live: Live): Promise<{ since: number }> {
  await session.approve({ kind: 'calibration-resumed', endpoint: live.name, calibration: standing });
  return { since: Math.max(standing.since, live.endpoint.LastModifiedTime?.getTime() ?? standing.since) };
}

/** @returns since when production's own model is its shadow, or how the update ended that was to make it so */
async function attachItself(
  on: LockedEndpoint,
  options: ShadowOptions,
  { wanted, live, adopt, first }: Phase,
): Promise<{ since: number } | { result: PlainUpdateResult }> {
  const { session, endpoint } = on;
  const modelName = productionOf(live).variant.ModelName;
  if (modelName === undefined) throw environmentError(`Endpoint "${endpoint}" runs no model of its own.`);
  const { tags } = options.candidate;
  const spec = { modelName: undefined, configName: undefined, tags };
  const names = await nameCandidate(on, spec, { model: 'model', config: 'calibrate-config' });
  const steps = planShadow({ ...options, ...first, names, modelSteps: [], modelName, instanceType: undefined }, live);
  const before = live.endpoint.EndpointConfigName;
  // As with a candidate: what `shadow detach` goes back to.
  const value = {
    config: names.config,
    before,
    sample: options.sample,
    variant: options.variantName,
    calibrates: modelName,
  };
  const result = await runPlainUpdate(
    on,
    {
      command: 'shadow',
      run: names.own.run,
      live,
      config: names.config,
      steps,
      adopt,
      notes: [{ kind: 'calibrates', ms: wanted.length }],
    },
    { wait: true },
    (run) => run.journal.append({ type: 'fact', run: run.id, name: 'shadow', value }),
  );
  return result.kind === 'done' && result.settled?.kind === 'running' ? { since: session.clock.now() } : { result };
}

/** Waits until the phase has lasted its time, then compares the two copies and writes down what was found. */
async function measure(on: LockedEndpoint, wanted: CalibrationOptions, since: number): Promise<void> {
  const { session, aws, endpoint } = on;
  const { clock, signal } = session;
  const { policy, task, comparator } = wanted;
  const length = Math.ceil(wanted.length / MINUTE) * MINUTE;
  const earliest = Math.ceil(since / MINUTE) * MINUTE + length;
  // What stood for longer, while nobody waited, is measured over its last minutes.
  const to = Math.max(earliest, Math.floor((clock.now() - LANDING_MS) / MINUTE) * MINUTE);
  const observations = await doTask(session, { name: 'measure-noise', until: to }, async (report) => {
    await clock.sleep(Math.max(0, to + LANDING_MS - clock.now()), signal);
    return withCapturesCache(session, (cache) =>
      collect(aws, clock, {
        endpoint,
        window: { from: to - length, to },
        cache,
        predictions: true,
        unseen: notSeen(session),
        comparison: {
          tolerance: policy.numbers.tolerance,
          ...comparisonBy(policy, task),
          truth: undefined,
          comparator,
          memory: '1GB',
          spill: cache,
          signal,
          progress: (doing) => report.progress({ kind: 'analysis', doing }),
        },
      }),
    );
  });
  const floor = noiseFloor(observations, policy.answers.path);
  session.emit({ kind: 'noise-measured', floor });
  if (floor?.labels === undefined && floor?.numbers === undefined && floor?.scores === undefined) return;
  const run = await openRun(on, 'shadow');
  await run.journal.append({ type: 'fact', run: run.id, name: 'noise-floor', value: { ...floor } });
}

/** An interrupt, in words that say what stands; any other error as it is. */
function stoppedPhase(
  { session, state, endpoint }: LockedEndpoint,
  { standing, wanted: { again } }: Phase,
  error: unknown,
) {
  const { signal } = session;
  const stopped = signal.aborted && (error === signal.reason || (error as Error | undefined)?.name === 'AbortError');
  const begun = standing ?? calibrationOf(state(), state().configs.at(-1)?.config);
  if (!stopped || begun === undefined) return error;
  return interrupted(
    `Interrupted. Production's own model ${begun.model} is its own shadow now, or is about to be; nothing removes it automatically.`,
    lines(
      calibrationEnds(begun, endpoint, again),
      text`To check whether it has settled: ${shown('status', { endpoint })}`,
    ),
  );
}
