import type { Store, Table } from '../storage/store.ts';

interface Place {
  account: string;
  region: string;
}

/** What names a scalable target. */
export interface Target {
  ServiceNamespace: string;
  ResourceId: string;
  ScalableDimension: string;
}

export interface TargetRecord extends Target {
  min: number;
  max: number;
  roleArn: string;
  createdAt: number;
  suspended: Record<string, boolean>;
  arn: string;
}

export interface PolicyRecord extends Target {
  name: string;
  arn: string;
  type: string;
  createdAt: number;
  /** The configuration member of the call, by its name. */
  configuration: Record<string, unknown>;
}

/** Scalable targets of a store. */
export const targetsOf = (store: Store): Table<TargetRecord> => store.table('autoscaling-targets');
/** Scaling policies of a store. */
export const policiesOf = (store: Store): Table<PolicyRecord> => store.table('autoscaling-policies');

/** Under which key a target is kept. */
export function targetKey({ account, region }: Place, target: Target): string {
  return `${account}/${region}/${target.ServiceNamespace}|${target.ResourceId}|${target.ScalableDimension}`;
}

/** Removes a target with its policies, which go with it on AWS too; false when there is none. */
export function removeTarget(store: Store, key: string): boolean {
  for (const [policy] of policiesOf(store).entries(`${key}|`)) policiesOf(store).delete(policy);
  return targetsOf(store).delete(key);
}

/** DeleteEndpoint deregisters the targets of the endpoint's variants (github.com/awslabs/stable-diffusion-aws-extension#161). */
export function removeTargetsOf(store: Store, place: Place, endpoint: string): void {
  const prefix = targetKey(place, {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${endpoint}/variant/`,
    ScalableDimension: '',
  });
  for (const [key] of targetsOf(store).entries(prefix.slice(0, -1))) removeTarget(store, key);
}
