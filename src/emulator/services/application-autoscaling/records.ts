import { createHash } from 'node:crypto';
import type { Context } from '../operation.ts';
import type { Table } from '../../storage/store.ts';

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

export const targetsOf = ({ world }: Pick<Context, 'world'>): Table<TargetRecord> =>
  world.store.table('autoscaling-targets');
export const policiesOf = ({ world }: Pick<Context, 'world'>): Table<PolicyRecord> =>
  world.store.table('autoscaling-policies');

export function targetKey({ account, region }: Pick<Context, 'account' | 'region'>, target: Target): string {
  return `${account}/${region}/${target.ServiceNamespace}|${target.ResourceId}|${target.ScalableDimension}`;
}

/** An id that stays the same for the same thing: 32 hexadecimal digits. */
export function idOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** As AWS names a target in its messages. */
export function words(target: Target): string {
  return `service namespace: ${target.ServiceNamespace}, resource ID: ${target.ResourceId}, scalable dimension: ${target.ScalableDimension}`;
}
