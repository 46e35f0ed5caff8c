import { putTargetTracking, variantOf } from '../aws/autoscaling.ts';
import { AwsProblem } from '../aws/errors.ts';
import { environmentError } from '../base/errors.ts';
import { describeEndpointConfig } from '../aws/sagemaker.ts';
import { existing, replay, type TrackedResource } from '../state/replay.ts';
import { apply, type JournaledRun } from './apply.ts';
import type { Scaling, Step } from './steps.ts';

type Register = Extract<Step, { kind: 'scalable-target'; action: 'create' }>;
type UpdateEndpoint = Extract<Step, { action: 'update' }>;

/**
 * Lets a variant scale automatically. Without its policies a target does nothing: where AWS takes those not, it goes again.
 * @throws AwsProblem where AWS refuses either: then nothing of it stands
 */
export async function registerScaling(run: JournaledRun, step: Register): Promise<void> {
  await apply(run, step);
  try {
    for (const { name, tracking } of step.input.policies) await putTargetTracking(run.aws, step.name, name, tracking);
  } catch (error) {
    await apply(run, { action: 'delete', kind: 'scalable-target', name: step.name });
    throw error;
  }
}

/**
 * Does an update of the endpoint, and before it takes away the scaling that we gave to variants which the new config does
 * not have: a target must not outlive its variant. Where AWS refuses the update, they scale again.
 * @param applied is told of what was taken away, and given back
 */
export async function withoutLostTargets<T>(
  run: JournaledRun,
  { input: wanted }: UpdateEndpoint,
  update: () => Promise<T>,
  applied: (step: Step) => void,
): Promise<T> {
  const lost = await lostTargets(run, wanted.EndpointConfigName);
  for (const { ref } of lost) {
    const step: Step = { action: 'delete', kind: 'scalable-target', name: ref.name };
    await apply(run, step);
    applied(step);
  }
  try {
    return await update();
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.provesNothingHappened) throw error;
    for (const { ref, input } of lost) {
      // As this very step was written down.
      const step: Register = {
        action: 'create',
        kind: 'scalable-target',
        name: ref.name,
        input: input as unknown as Scaling,
      };
      await registerScaling(run, step).catch((again: unknown) => {
        if (!(again instanceof AwsProblem)) throw again;
        throw environmentError(
          `${error.message} And ${ref.name} no longer scales automatically: ${again.message}`,
          again.next,
          error,
        );
      });
      applied(step);
    }
    throw error;
  }
}

/** Targets of ours whose variant the config does not have. */
async function lostTargets(run: JournaledRun, config: string | undefined): Promise<TrackedResource[]> {
  const ours = existing(replay(run.journal.events()), 'scalable-target');
  if (ours.length === 0 || config === undefined) return [];
  const next = await describeEndpointConfig(run.aws, config, run.signal);
  // Then AWS refuses the update.
  if (next === undefined) return [];
  const variants = [...(next.ProductionVariants ?? []), ...(next.ShadowProductionVariants ?? [])];
  return ours.filter(({ ref }) => !variants.some(({ VariantName }) => VariantName === variantOf(ref.name).variant));
}
