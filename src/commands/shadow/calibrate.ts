import { basename, join } from 'node:path';
import { collect } from '../../analysis/collect/collect.ts';
import { loadPolicy } from '../../analysis/collect/policy-file.ts';
import { NOISE_FACT, noiseFloor } from '../../analysis/noise.ts';
import type { NoiseFloor } from '../../analysis/observations.ts';
import type { App } from '../../app.ts';
import { cannotRun } from '../../errors.ts';
import { type Live, productionOf, readLive } from '../../resources/live.ts';
import { chooseName } from '../../resources/naming.ts';
import type { Step } from '../../resources/steps.ts';
import { withProgress } from '../../ui/progress.ts';
import { carryUpdate } from '../shared/carry-update.ts';
import { durationText } from '../shared/flags.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import type { ShadowOptions } from './command.ts';
import { planShadow } from './plan.ts';

const MINUTE_MS = 60_000;
/** Captures and metrics of the last minutes need this long to land. */
const LANDING_MS = 3 * MINUTE_MS;

/** An A/A phase, as far as it was decided before. */
interface Phase {
  options: ShadowOptions;
  live: Live;
  run: string;
  adopt: boolean;
  /** The candidate's own plan: where captures go is the same in both. */
  first: { captureSteps: readonly Step[]; destination: string };
}

/**
 * Attaches production's own model as shadow, waits, and writes down how much the two copies differ: whatever differs
 * here is no fault of the candidate that comes after.
 *
 * @returns the endpoint as it stands then; undefined where no calibration was asked for (or only the plan); 'no' where
 *   the endpoint did not come up
 */
export async function calibrate(app: App, ground: Ground, phase: Phase): Promise<Live | 'no' | undefined> {
  const { options, live, first } = phase;
  const { endpoint, calibrate: time } = options;
  if (time === undefined || options.plan) return undefined;
  const { aws, journal } = ground;
  const { variant } = productionOf(live);
  if (variant.ModelName === undefined) throw cannotRun(`Endpoint "${endpoint}" runs no model of its own.`);
  const { policy } = await loadPolicy(app.cwd, undefined, () => app.project());
  const project = await app.project();
  const taken = ground.state().resources.map((held) => held.ref.name);
  const config = chooseName(endpoint, 'calibrate-config', app.clock.now(), taken);
  const steps = planShadow(
    {
      own: { project: basename(project.root), endpoint, run: phase.run },
      tags: { ...project.tags, ...options.candidate.tag },
      modelSteps: [],
      modelName: variant.ModelName,
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
  const notes = [
    `For ${durationText(time)} production's own model is the shadow, to see how much it differs from itself; then the candidate is attached.`,
  ];
  const ended = await carryUpdate(
    chatting(app),
    ground,
    { command: 'shadow', run: phase.run, live, config, steps, adopt: phase.adopt, notes },
    options,
    () => journal.append({ type: 'fact', run: phase.run, name: 'shadow', value: aloneFact(phase, config) }),
  );
  if (ended !== 'done') return 'no';
  const from = Math.ceil(app.clock.now() / MINUTE_MS) * MINUTE_MS;
  const window = { from, to: from + Math.ceil(time / MINUTE_MS) * MINUTE_MS };
  const observations = await withProgress(app.io, 'measuring production against itself', async (progress) => {
    progress.update(`measuring production against itself until ${new Date(window.to).toISOString().slice(11, 16)} UTC`);
    await app.clock.sleep(window.to + LANDING_MS - app.clock.now(), app.signal);
    return collect(aws, app.clock, {
      endpoint,
      window,
      tolerance: policy.numbers.tolerance,
      prediction: undefined,
      task: undefined,
      truth: undefined,
      cache: join(project.stateDir, 'cache'),
      memory: '1GB',
      predictions: true,
      signal: app.signal,
      progress: (doing) => progress.update(doing),
    });
  });
  const floor = noiseFloor(observations);
  if (floor === undefined) {
    app.io.err('note: no request was answered by both copies in that time: there is no noise floor.');
  } else {
    await journal.append({ type: 'fact', run: phase.run, name: NOISE_FACT, value: { ...floor } });
    app.io.err(`Noise floor of ${floor.model}: ${floorWords(floor)}.`);
  }
  const now = await readLive(aws, endpoint, app.signal);
  if (now === undefined) throw cannotRun(`Endpoint "${endpoint}" was deleted while it was calibrated.`);
  return now;
}

/** The result of the command is the candidate's attachment; what is said before is chatter. */
function chatting(app: App): App {
  const io: App['io'] = Object.create(app.io, { out: { value: (line?: string) => app.io.err(line ?? '') } });
  return Object.create(app, { io: { value: io } });
}

/** As with a candidate: what `shadow detach` goes back to. */
function aloneFact({ options, live }: Phase, config: string): Record<string, unknown> {
  return { config, before: live.endpoint.EndpointConfigName, sample: options.sample, variant: options.variantName };
}

function floorWords({ labels, numbers, pairs }: NoiseFloor): string {
  const share = (part: number, n: number) => `${Number(((100 * part) / Math.max(1, n)).toPrecision(3))} %`;
  const parts = [
    ...(labels === undefined ? [] : [`${share(labels.differing, labels.n)} of the labels differ`]),
    ...(numbers === undefined ? [] : [`${share(numbers.beyond, numbers.n)} of the numbers beyond the tolerance`]),
  ];
  return `${parts.join(', ')}, over ${pairs} pairs`;
}
