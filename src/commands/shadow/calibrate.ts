import { basename, join } from 'node:path';
import { parsePath } from '../../analysis/answers/path.ts';
import { collect } from '../../analysis/observe/observe.ts';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { noiseFloor } from '../../analysis/judge/noise-floor.ts';
import type { NoiseFloor } from '../../analysis/observations.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { App } from '../../app.ts';
import { cannotRun, interrupted } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { type Live, productionOf, readLive } from '../../resources/live.ts';
import { chooseName } from '../../resources/naming.ts';
import type { Step } from '../../resources/steps.ts';
import { withProgress } from '../../ui/progress.ts';
import { type Calibration, calibrationOf } from '../../state/calibration.ts';
import { calibrationEnds, calibrationText } from '../../lifecycle/calibration.ts';
import { confirm } from '../../cli/confirm.ts';
import { carryUpdate } from '../shared/carry-update.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import type { ShadowOptions } from './command.ts';
import { planShadow } from './plan.ts';
import { MINUTE, percent, timeOfDay } from '../../base/units.ts';

/** Captures and metrics of the last minutes need this long to land. */
const LANDING_MS = 3 * MINUTE;

/** An A/A phase, as far as it was decided before. */
interface Phase {
  options: ShadowOptions;
  live: Live;
  run: string;
  adopt: boolean;
  /** The candidate's own plan: where captures go is the same in both. */
  first: { captureSteps: readonly Step[]; destination: string };
  /** The same phase, begun by a command that was stopped. */
  standing: Calibration | undefined;
}

/**
 * Attaches production's own model as shadow, waits, and writes down how much the two copies differ: whatever differs
 * here is no fault of the candidate that comes after. A phase that stands already is gone on with.
 *
 * @returns the endpoint as it stands then; undefined where no calibration was asked for (or only the plan); 'no' where
 *   the endpoint did not come up
 * @throws Problem (interrupted) that says how to go on, or back
 */
export async function calibrate(app: App, ground: Ground, phase: Phase): Promise<Live | 'no' | undefined> {
  const { options } = phase;
  const { endpoint, calibrate: time } = options;
  if (time === undefined || options.plan) return undefined;
  const { policy } = await loadPolicy(app.cwd, options.policy, () => app.project());
  try {
    const since = await (phase.standing === undefined
      ? attachItself(app, ground, phase, time)
      : goOn(app, phase.standing, phase));
    if (since === undefined) return 'no';
    await measure(app, ground, phase, { policy, since, time });
  } catch (error) {
    throw stoppedPhase(app, ground, phase, error);
  }
  const now = await readLive(ground.aws, endpoint, app.signal);
  if (now === undefined) throw cannotRun(`Endpoint "${endpoint}" was deleted while it was calibrated.`);
  return now;
}

/** @returns since when a phase that stands has seen requests: at the latest since the endpoint changed last */
async function goOn(app: App, standing: Calibration, { live, options }: Phase): Promise<number> {
  app.io.err(`${calibrationText(standing)}. It goes on where it was; then the candidate is attached.`);
  await confirm(app, 'Do this', options.yes);
  return Math.max(standing.since, live.endpoint.LastModifiedTime?.getTime() ?? standing.since);
}

/** @returns since when production's own model is its shadow; undefined where the endpoint did not come up */
async function attachItself(app: App, ground: Ground, phase: Phase, time: number): Promise<number | undefined> {
  const { options, live, first } = phase;
  const { endpoint } = options;
  const { variant } = productionOf(live);
  const model = variant.ModelName;
  if (model === undefined) throw cannotRun(`Endpoint "${endpoint}" runs no model of its own.`);
  const project = await app.project();
  const taken = ground.state().resources.map((tracked) => tracked.ref.name);
  const config = chooseName(endpoint, 'calibrate-config', app.clock.now(), taken);
  const steps = planShadow(
    {
      own: { project: basename(project.root), endpoint, run: phase.run },
      tags: { ...project.tags, ...options.candidate.tag },
      modelSteps: [],
      modelName: model,
      configName: config,
      variantName: options.variantName,
      sample: options.sample,
      instanceType: undefined,
      instances: options.instances,
      destination: first.destination,
      captureSteps: first.captureSteps,
    },
    live,
  );
  const notes = [{ kind: 'calibrates', ms: time } as const];
  const before = live.endpoint.EndpointConfigName;
  // As with a candidate: what `shadow detach` goes back to.
  const value = { config, before, sample: options.sample, variant: options.variantName, calibrates: model };
  const ended = await carryUpdate(
    chatting(app),
    ground,
    { command: 'shadow', run: phase.run, live, config, steps, adopt: phase.adopt, notes },
    options,
    () => ground.journal.append({ type: 'fact', run: phase.run, name: 'shadow', value }),
  );
  return ended === 'done' ? app.clock.now() : undefined;
}

/** Waits until the phase has lasted its time, then compares the two copies and writes down what was found. */
async function measure(
  app: App,
  { aws, journal }: Ground,
  { options, run }: Phase,
  { policy, since, time }: { policy: Policy; since: number; time: number },
): Promise<void> {
  const { endpoint, prediction, task } = options;
  const length = Math.ceil(time / MINUTE) * MINUTE;
  const earliest = Math.ceil(since / MINUTE) * MINUTE + length;
  // What stood for longer, while nobody waited, is measured over its last minutes.
  const to = Math.max(earliest, Math.floor((app.clock.now() - LANDING_MS) / MINUTE) * MINUTE);
  const window = { from: to - length, to };
  const cache = join((await app.project()).stateDir, 'cache');
  const observations = await withProgress(app.io, 'measuring production against itself', async (progress) => {
    progress.update(`measuring production against itself until ${timeOfDay(to)} UTC`);
    await app.clock.sleep(Math.max(0, to + LANDING_MS - app.clock.now()), app.signal);
    return collect(aws, app.clock, {
      endpoint,
      window,
      cache,
      predictions: true,
      comparison: {
        tolerance: policy.numbers.tolerance,
        path: prediction === undefined ? undefined : parsePath(prediction),
        task,
        truth: undefined,
        fields: policy.fields,
        memory: '1GB',
        spill: cache,
        signal: app.signal,
        progress: (doing) => progress.update(doing),
      },
    });
  });
  const floor = noiseFloor(observations, prediction);
  if (floor === undefined) {
    app.io.err('note: No request was answered by both copies in that time: there is no noise floor.');
    return;
  }
  if (floor.labels === undefined && floor.numbers === undefined) {
    app.io.err(
      `note: Of ${floor.pairs} pairs of answers none could be compared: there is no noise floor. Say with --prediction where predictions lie in an answer.`,
    );
    return;
  }
  await journal.append({ type: 'fact', run, name: 'noise-floor', value: floor });
  app.io.err(`Noise floor of ${floor.model}: ${floorWords(floor)}.`);
}

/** An interrupt, in words that say what stands; any other error as it is. */
function stoppedPhase(app: App, ground: Ground, { options, standing }: Phase, error: unknown): unknown {
  const wanted =
    app.signal.aborted && (error === app.signal.reason || (error as Error | undefined)?.name === 'AbortError');
  const begun = standing ?? calibrationOf(ground.state(), ground.state().configs.at(-1)?.config);
  if (!wanted || begun === undefined) return error;
  return interrupted(
    `Interrupted. Production's own model ${begun.model} is its own shadow, or becomes it now; nothing ends that by itself.`,
    lines(
      calibrationEnds(begun, options.endpoint),
      text`Whether it has settled: ${shown('status', { endpoint: options.endpoint })}`,
    ),
  );
}

/** The result of the command is the candidate's attachment; what is said before is chatter. */
function chatting(app: App): App {
  const io: App['io'] = Object.create(app.io, { out: { value: (line?: string) => app.io.err(line ?? '') } });
  return Object.create(app, { io: { value: io } });
}

function floorWords({ labels, numbers, pairs }: NoiseFloor): string {
  const share = (part: number, n: number) => percent(part / Math.max(1, n));
  const parts = [
    ...(labels === undefined ? [] : [`${share(labels.differing, labels.n)} of the labels differ`]),
    ...(numbers === undefined ? [] : [`${share(numbers.beyond, numbers.n)} of the numbers beyond the tolerance`]),
  ];
  return `${parts.join(', ')}, over ${pairs} pairs`;
}
