import type {
  SuspendedState,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** A variant that scales automatically. */
export interface ScalableTarget {
  variant: string;
  /** Instances, at least and at most. */
  min: number;
  max: number;
  /** What of its scaling is switched off; undefined: nothing. */
  suspended?: SuspendedState;
  /** When it was registered, milliseconds since the epoch. */
  created?: number;
}

/** A policy by which a variant scales. */
export interface ScalingPolicy {
  name: string;
  /** `TargetTrackingScaling`, `StepScaling`, … */
  type: string;
  /** Of target tracking. */
  tracking: TargetTrackingScalingPolicyConfiguration | undefined;
}

/** What Application Auto Scaling changes of a variant. */
export const SCALABLE_DIMENSION = 'sagemaker:variant:DesiredInstanceCount';

/** How Application Auto Scaling names a variant. */
export function scalableResource(endpoint: string, variant: string): string {
  return `endpoint/${endpoint}/variant/${variant}`;
}

/** The endpoint and the variant that a scalable target is. */
export function variantOf(resource: string): { endpoint: string; variant: string } {
  const [, endpoint = '', , variant = ''] = resource.split('/');
  return { endpoint, variant };
}

/** Those of an endpoint's variants that scale by themselves. */
export async function scalableTargets(
  aws: Aws,
  endpoint: string,
  variants: readonly string[],
  signal?: AbortSignal,
): Promise<ScalableTarget[]> {
  if (variants.length === 0) return [];
  const { DescribeScalableTargetsCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  const names = new Map(variants.map((variant) => [scalableResource(endpoint, variant), variant]));
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `find out whether endpoint "${endpoint}" scales automatically`,
      () =>
        client.send(
          new DescribeScalableTargetsCommand({
            ServiceNamespace: 'sagemaker',
            ResourceIds: [...names.keys()],
            ScalableDimension: SCALABLE_DIMENSION,
            NextToken,
          }),
          { abortSignal: signal },
        ),
      'application-autoscaling:DescribeScalableTargets',
    );
  const found: ScalableTarget[] = [];
  for await (const page of pages(send, (one) => one.NextToken)) {
    for (const {
      ResourceId,
      MinCapacity,
      MaxCapacity,
      SuspendedState: suspended,
      CreationTime,
    } of page.ScalableTargets ?? []) {
      const variant = names.get(ResourceId ?? '');
      if (variant === undefined) continue;
      const created = CreationTime?.getTime();
      found.push({
        variant,
        min: MinCapacity ?? 0,
        max: MaxCapacity ?? 0,
        ...(Object.values(suspended ?? {}).includes(true) && { suspended }),
        ...(created !== undefined && { created }),
      });
    }
  }
  return found;
}

const of = (ResourceId: string) =>
  ({ ServiceNamespace: 'sagemaker', ScalableDimension: SCALABLE_DIMENSION, ResourceId }) as const;

/** The policies of a scalable target. @param resource as `scalableResource` names it */
export async function scalingPolicies(aws: Aws, resource: string, signal?: AbortSignal): Promise<ScalingPolicy[]> {
  const { DescribeScalingPoliciesCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `read the scaling policies of ${resource}`,
      () => client.send(new DescribeScalingPoliciesCommand({ ...of(resource), NextToken }), { abortSignal: signal }),
      'application-autoscaling:DescribeScalingPolicies',
    );
  const found: ScalingPolicy[] = [];
  for await (const page of pages(send, (one) => one.NextToken)) {
    for (const {
      PolicyName: name = '',
      PolicyType: type = '',
      TargetTrackingScalingPolicyConfiguration: tracking,
    } of page.ScalingPolicies ?? [])
      found.push({ name, type, tracking });
  }
  return found;
}

/** Lets a variant scale automatically; one that does gets these limits. */
export async function registerScalableTarget(
  aws: Aws,
  resource: string,
  { min, max, suspended }: Pick<ScalableTarget, 'min' | 'max' | 'suspended'>,
): Promise<void> {
  const { RegisterScalableTargetCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  await call(
    aws.target,
    `let ${resource} scale automatically`,
    () =>
      client.send(
        new RegisterScalableTargetCommand({
          ...of(resource),
          MinCapacity: min,
          MaxCapacity: max,
          SuspendedState: suspended,
        }),
      ),
    'application-autoscaling:RegisterScalableTarget',
  );
}

/** Gives a scalable target a policy; one of that name is replaced. */
export async function putTargetTracking(
  aws: Aws,
  resource: string,
  name: string,
  tracking: TargetTrackingScalingPolicyConfiguration,
): Promise<void> {
  const { PutScalingPolicyCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  await call(
    aws.target,
    `give ${resource} a scaling policy`,
    () =>
      client.send(
        new PutScalingPolicyCommand({
          ...of(resource),
          PolicyName: name,
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: tracking,
        }),
      ),
    'application-autoscaling:PutScalingPolicy',
  );
}

/** Lets a variant stay as large as it is; its policies go with the target. */
export async function deregisterScalableTarget(aws: Aws, resource: string): Promise<'deleted' | 'gone'> {
  const { DeregisterScalableTargetCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  try {
    await call(
      aws.target,
      `stop ${resource} from scaling automatically`,
      () => client.send(new DeregisterScalableTargetCommand(of(resource))),
      'application-autoscaling:DeregisterScalableTarget',
    );
    return 'deleted';
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ObjectNotFoundException') return 'gone';
    throw error;
  }
}
