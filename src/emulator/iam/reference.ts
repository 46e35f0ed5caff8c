import raw from './actions.json' with { type: 'json' };

/** What IAM evaluates for an action, by the AWS Service Authorization Reference. */
export interface ActionFacts {
  /** Kinds of resources that must all be allowed. */
  required?: string[];
  /** Kinds of resources of which the one that the request names must be allowed. */
  optional?: string[];
  /** Condition keys; a `${…}` or `<…>` in them stands for any text. */
  keys?: string[];
}

interface ServiceFacts {
  /** Templates of ARNs by kind of resource: `arn:${Partition}:sagemaker:${Region}:${Account}:model/${ModelName}`. */
  resources: Record<string, string>;
  actions: Record<string, ActionFacts>;
}

const SERVICES = raw.services as Record<string, ServiceFacts>;

/** Every action there is here, as `sagemaker:CreateModel`. */
export const ACTIONS: readonly string[] = Object.entries(SERVICES).flatMap(([service, { actions }]) =>
  Object.keys(actions).map((name) => `${service}:${name}`),
);

/** @param action as `sagemaker:CreateModel` */
export function factsOf(action: string): ActionFacts | undefined {
  const [service = '', name = ''] = action.split(':');
  return SERVICES[service]?.actions[name];
}

/** The template of the ARNs of a kind of resource. */
export function templateOf(service: string, kind: string): string | undefined {
  return SERVICES[service]?.resources[kind];
}
