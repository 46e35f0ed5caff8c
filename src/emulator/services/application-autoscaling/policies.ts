import type { Context } from '../operation.ts';
import { policiesOf, type PolicyRecord, type Target, targetKey, targetsOf } from '../../world/scaling.ts';
import { partitionOf } from '../../world/partition.ts';
import { idOf, targetText } from './names.ts';
import { pageFrom } from '../paging.ts';
import { invalidNextToken, objectNotFound } from './errors.ts';

interface PutInput extends Target {
  PolicyName: string;
  PolicyType?: string;
  StepScalingPolicyConfiguration?: unknown;
  TargetTrackingScalingPolicyConfiguration?: unknown;
  PredictiveScalingPolicyConfiguration?: unknown;
}

const CONFIGURATIONS = [
  'StepScalingPolicyConfiguration',
  'TargetTrackingScalingPolicyConfiguration',
  'PredictiveScalingPolicyConfiguration',
] as const;

/** Keeps a policy; it is given back by DescribeScalingPolicies and moves nothing here. */
export function putScalingPolicy(context: Context, input: PutInput): { PolicyARN: string; Alarms: never[] } {
  const key = targetKey(context, input);
  if (!targetsOf(context.world.store).get(key))
    throw objectNotFound(`No scalable target registered for ${targetText(input)}`);
  const policies = policiesOf(context.world.store);
  const policyKey = `${key}|${input.PolicyName}`;
  const known = policies.get(policyKey);
  const id = idOf(policyKey);
  const uuid = `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`;
  const record: PolicyRecord = {
    ServiceNamespace: input.ServiceNamespace,
    ResourceId: input.ResourceId,
    ScalableDimension: input.ScalableDimension,
    name: input.PolicyName,
    arn: `arn:${partitionOf(context.region)}:autoscaling:${context.region}:${context.account}:scalingPolicy:${uuid}:resource/${input.ServiceNamespace}/${input.ResourceId}:policyName/${input.PolicyName}`,
    type: input.PolicyType ?? known?.type ?? 'StepScaling',
    createdAt: known?.createdAt ?? context.world.clock.now(),
    configuration: Object.fromEntries(
      CONFIGURATIONS.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]),
    ),
  };
  policies.set(policyKey, record);
  return { PolicyARN: record.arn, Alarms: [] };
}

export function describeScalingPolicies(
  context: Context,
  input: Partial<Target> & {
    ServiceNamespace: string;
    PolicyNames?: string[];
    MaxResults?: number;
    NextToken?: string;
  },
) {
  const { items, next } = pageFrom(
    policiesOf(context.world.store)
      .entries(`${context.account}/${context.region}/${input.ServiceNamespace}|`)
      .map(([, record]) => record)
      .filter((record) => input.ResourceId === undefined || record.ResourceId === input.ResourceId)
      .filter((record) => input.ScalableDimension === undefined || record.ScalableDimension === input.ScalableDimension)
      .filter((record) => !input.PolicyNames?.length || input.PolicyNames.includes(record.name)),
    { size: input.MaxResults ?? 50, token: input.NextToken, invalidToken: invalidNextToken },
  );
  const ScalingPolicies = items.map((record) => ({
    PolicyARN: record.arn,
    PolicyName: record.name,
    ServiceNamespace: record.ServiceNamespace,
    ResourceId: record.ResourceId,
    ScalableDimension: record.ScalableDimension,
    PolicyType: record.type,
    ...record.configuration,
    Alarms: [],
    CreationTime: new Date(record.createdAt),
  }));
  return { ScalingPolicies, ...(next !== undefined && { NextToken: next }) };
}

export function deleteScalingPolicy(context: Context, input: Target & { PolicyName: string }): Record<string, never> {
  if (!policiesOf(context.world.store).delete(`${targetKey(context, input)}|${input.PolicyName}`)) {
    throw objectNotFound(`No scaling policy found for ${targetText(input)}, policy name: ${input.PolicyName}`);
  }
  return {};
}
