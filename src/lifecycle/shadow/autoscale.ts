import type { TargetTrackingScalingPolicyConfiguration } from '@aws-sdk/client-application-auto-scaling';
import { scalableResource, scalableTargets, scalingPolicies } from '../../aws/autoscaling.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { rangeWords } from '../../guard/scaling.ts';
import { instances } from '../../guard/strategy.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import { registerScaling } from '../../resources/scaling.ts';
import type { Scaling } from '../../resources/steps.ts';
import type { EndpointSession, Session } from '../session.ts';
import type { PlanNote } from '../plans.ts';
import type { ShadowOptions, ShadowScaling } from './options.ts';

/**
 * How production scales automatically, for a shadow to do the same.
 * @param run the run's id, by which the policies are known as ours
 * @throws Problem where production does not scale, or nothing of it can be taken over; AwsProblem where it cannot be seen
 */
export async function likeProduction(
  { aws, session, endpoint }: EndpointSession,
  options: Pick<ShadowOptions, 'variantName' | 'instances'>,
  live: Live,
  run: string,
): Promise<ShadowScaling> {
  const { variant, instances: running } = productionOf(live);
  const [target] = await scalableTargets(aws, endpoint, [variant.VariantName], session.signal);
  if (target === undefined)
    throw usageError(
      `--autoscale: production ("${variant.VariantName}") does not scale automatically, so there is nothing to do like it.`,
      'Leave --autoscale out.',
    );
  const count = options.instances ?? running ?? 1;
  // Application Auto Scaling brings a target within its limits at once.
  if (count < target.min || count > target.max)
    throw usageError(
      `--autoscale: production scales ${rangeWords(target)}, and the shadow would begin with ${instances(count)}: it would be scaled at once.`,
      'Leave --instances out: then it begins with as many as production has.',
    );
  const policies = await scalingPolicies(aws, scalableResource(endpoint, variant.VariantName), session.signal);
  const taken = policies.flatMap(({ tracking }, index) =>
    tracking === undefined
      ? []
      : [
          {
            name: `shadowctl-${run}-${index + 1}`,
            tracking: ofVariant(tracking, variant.VariantName, options.variantName),
          },
        ],
  );
  const left = policies.filter(({ tracking }) => tracking === undefined).map(({ name, type }) => ({ name, type }));
  if (taken.length === 0)
    throw usageError(
      left.length === 0
        ? '--autoscale: production is registered to scale, but has no policy by which it would.'
        : `--autoscale: production scales by ${left.map(({ name, type }) => `${name} (${type})`).join(' and ')} alone, which alarms of its own set off: a shadow has none.`,
      'Leave --autoscale out; or give production a policy of target tracking.',
    );
  const { min, max, suspended } = target;
  return { target, left, scaling: { min, max, ...(suspended && { suspended }), policies: taken } };
}

/** A policy for another variant: where it names production's metrics itself, those of the shadow. */
function ofVariant(
  tracking: TargetTrackingScalingPolicyConfiguration,
  production: string,
  shadow: string,
): TargetTrackingScalingPolicyConfiguration {
  return JSON.parse(JSON.stringify(tracking), (_, value: unknown) =>
    isDimension(value) && value.Name === 'VariantName' && value.Value === production
      ? { ...value, Value: shadow }
      : value,
  ) as TargetTrackingScalingPolicyConfiguration;
}

function isDimension(value: unknown): value is { Name: string; Value: string } {
  return typeof value === 'object' && value !== null && 'Name' in value && 'Value' in value;
}

/** What a plan says of a shadow that scales as production does. */
export function scalingNote({ target, scaling, left }: ShadowScaling, variant: string): PlanNote {
  return { kind: 'autoscale', variant, target, policies: scaling.policies.length, left };
}

/**
 * Lets the shadow, which is in service, scale as production does. AWS takes a target only where its variant stands.
 * @throws Problem (cannot-run) where AWS refuses: the shadow stays as it is
 */
export async function autoscaleShadow(
  session: Session,
  run: JournaledRun,
  { endpoint, variantName }: Pick<ShadowOptions, 'endpoint' | 'variantName'>,
  input: Scaling,
): Promise<void> {
  const name = scalableResource(endpoint, variantName);
  const step = { action: 'create', kind: 'scalable-target', name, input } as const;
  try {
    await registerScaling(run, step);
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    throw environmentError(
      `The shadow is attached and in service, but does not scale automatically. ${error.message}`,
      lines(
        ...(error.next === undefined ? [] : [error.next]),
        'It keeps the instances it has: while production has more, each of them takes more requests, and its latency and errors are those of an overload.',
        text`Go on with it as it is, or take it away: ${shown('shadow detach', { endpoint })}`,
      ),
      error,
    );
  }
  session.emit({ kind: 'step-applied', step });
}
