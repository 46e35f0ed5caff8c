import type { World } from '../../world/world.ts';
import { type AwsError, validation } from '../operation.ts';

/** Where a resource lives. */
export interface Place {
  account: string;
  region: string;
  world: World;
}

export type Kind = 'model' | 'endpoint-config' | 'endpoint';

/** What AWS calls each kind in its messages. */
const WORDS: Record<Kind, string> = {
  model: 'model',
  'endpoint-config': 'endpoint configuration',
  endpoint: 'endpoint',
};

/** `arn:aws:sagemaker:us-east-1:000000000000:endpoint/x`; the name is lower-cased unless a switch says otherwise (facts 13). */
export function arnOf({ account, region, world }: Place, kind: Kind, name: string): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:sagemaker:${region}:${account}:${kind}/${world.switches.lowerCaseArns ? name.toLowerCase() : name}`;
}

/** Facts 8.1: double quotes, the whole ARN. */
export function notFound(place: Place, kind: Kind, name: string): AwsError {
  return validation(`Could not find ${WORDS[kind]} "${arnOf(place, kind, name)}".`);
}

export function alreadyExists(place: Place, kind: Kind, name: string): AwsError {
  return validation(`Cannot create already existing ${WORDS[kind]} "${arnOf(place, kind, name)}".`);
}

/** The same words for updating and deleting (facts 8.1). */
export function inProgress(place: Place, name: string): AwsError {
  return validation(`Cannot update in-progress endpoint "${arnOf(place, 'endpoint', name)}".`);
}
