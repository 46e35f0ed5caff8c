import type { Parameter, Tag } from '@aws-sdk/client-cloudformation';
import { capabilitiesOf, checkedTemplate } from '../../stacks/plan.ts';
import { type Definition, findStack, type StackRecord } from '../../stacks/records.ts';
import { MAX_BODY, type Template } from '../../stacks/template.ts';
import type { Context } from '../operation.ts';
import { insufficientCapabilities, notBuilt, refusing, stackNotFound, validationError } from './errors.ts';

/** What creating, updating and change sets have in common. */
export interface StackInput {
  StackName?: string | undefined;
  TemplateBody?: string | undefined;
  TemplateURL?: string | undefined;
  UsePreviousTemplate?: boolean | undefined;
  Parameters?: Parameter[] | undefined;
  Capabilities?: string[] | undefined;
  Tags?: Tag[] | undefined;
  RoleARN?: string | undefined;
  NotificationARNs?: string[] | undefined;
  ResourceTypes?: string[] | undefined;
  RollbackConfiguration?: object | undefined;
  ClientRequestToken?: string | undefined;
}

/** Members that would change what is done, by what they stand for. */
const UNBUILT: readonly [member: string, what: string][] = [
  ['StackPolicyBody', 'stack policies'],
  ['StackPolicyURL', 'stack policies'],
  ['StackPolicyDuringUpdateBody', 'stack policies'],
  ['StackPolicyDuringUpdateURL', 'stack policies'],
  ['RetainExceptOnCreate', 'RetainExceptOnCreate of requests: give a resource the DeletionPolicy of that name'],
  ['ImportExistingResources', 'imports of resources'],
  ['DeploymentMode', 'DeploymentMode'],
];

/** A stack by name or id. @throws AwsError where there is none */
export function stackNamed(context: Context, name = ''): StackRecord {
  const stack = findStack(context.world.store, context, name);
  if (stack === undefined) throw stackNotFound(name);
  return stack;
}

/** What the request makes of a stack: template, parameters, tags; `before` is the stack as it stands. */
export async function definitionOf(context: Context, input: StackInput, before?: StackRecord): Promise<Definition> {
  if (input.ResourceTypes !== undefined) throw notBuilt('ResourceTypes');
  const unbuilt = UNBUILT.find(([member]) => ((input as Record<string, unknown>)[member] ?? false) !== false);
  if (unbuilt !== undefined) throw notBuilt(unbuilt[1]);
  const { RollbackTriggers = [] } = (input.RollbackConfiguration ?? {}) as { RollbackTriggers?: unknown[] };
  if (RollbackTriggers.length > 0) throw notBuilt('rollback triggers');
  const template = await templateOf(context, input, before);
  const parameters: Record<string, string> = {};
  for (const { ParameterKey: key = '', ParameterValue: value, UsePreviousValue } of input.Parameters ?? []) {
    const used = UsePreviousValue === true ? before?.parameters[key] : value;
    if (used === undefined && UsePreviousValue === true && before === undefined)
      throw validationError(
        `Invalid input for parameter key ${key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
      );
    if (used !== undefined) parameters[key] = used;
  }
  // "If you don't specify this parameter, CloudFormation doesn't modify the stack's tags" (API_UpdateStack).
  const given = input.Tags?.map(({ Key = '', Value = '' }) => [Key, Value]);
  const tags = given === undefined ? (before?.tags ?? {}) : (Object.fromEntries(given) as Record<string, string>);
  return { template, parameters, tags };
}

async function templateOf(context: Context, input: StackInput, before: StackRecord | undefined): Promise<string> {
  const { TemplateBody: body, TemplateURL: url } = input;
  if (input.UsePreviousTemplate === true && before !== undefined) return before.template;
  if (body !== undefined) {
    if (Buffer.byteLength(body) > MAX_BODY)
      throw validationError(
        `1 validation error detected: Value '${body.slice(0, 100)}…' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${MAX_BODY}`,
      );
    return body;
  }
  if (url === undefined) throw validationError('Either Template URL or Template Body must be specified.');
  return fromBucket(context, url);
}

/** A template in a bucket, by a URL of S3: of AWS's form, or of the emulator's. */
export async function fromBucket(context: Context, url: string): Promise<string> {
  const { hostname = '', pathname = '' } = URL.canParse(url) ? new URL(url) : {};
  const virtual = /^(.+)\.s3[.-]/.exec(hostname)?.[1];
  const path = decodeURIComponent(pathname.slice(1));
  const slash = path.indexOf('/');
  const [bucket, key] = virtual === undefined ? [path.slice(0, slash), path.slice(slash + 1)] : [virtual, path];
  const bytes = await context.world.objects.get(context.account, bucket, key);
  if (bytes === undefined)
    throw validationError(
      'S3 error: The specified key does not exist. For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html',
    );
  return Buffer.from(bytes).toString('utf8');
}

/** Checks a definition as it would be used, capabilities included. @throws AwsError */
export function check(
  setting: Definition & Pick<StackRecord, 'account' | 'region' | 'name' | 'id' | 'notificationArns'>,
  capabilities: readonly string[],
): { template: Template; order: string[] } {
  const checked = refusing(() => checkedTemplate(setting));
  const needed = capabilitiesOf(checked.template);
  const has = (one: string) =>
    capabilities.includes(one) || (one === 'CAPABILITY_IAM' && capabilities.includes('CAPABILITY_NAMED_IAM'));
  if (!needed.every(has)) throw insufficientCapabilities(needed);
  return checked;
}
