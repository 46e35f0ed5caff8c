import { partitionOf } from '../partition.ts';
import type { Switches } from '../options.ts';

/** Where a resource lives. */
export interface Place {
  account: string;
  region: string;
  world: { readonly switches: Switches };
}

export type ResourceKind =
  | 'model'
  | 'endpoint-config'
  | 'endpoint'
  | 'model-package'
  | 'model-package-group'
  | 'inference-experiment'
  | 'transform-job';

/** `arn:aws:sagemaker:us-east-1:000000000000:endpoint/x`; the name keeps its case unless a switch says otherwise (facts 13). */
export function arnOf({ account, region, world }: Place, kind: ResourceKind, name: string): string {
  return `arn:${partitionOf(region)}:sagemaker:${region}:${account}:${kind}/${world.switches.lowerCaseArns ? name.toLowerCase() : name}`;
}
