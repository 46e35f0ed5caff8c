import type { OperationModel } from '../../model/shapes.ts';
import type { Context } from '../../services/operation.ts';
import { factsOf, templateOf } from '../../iam/reference.ts';
import { alarmArn } from '../../world/cloudwatch/alarms/record.ts';
import { keyOf, tagsOf } from '../../world/endpoints/records.ts';
import { partitionOf } from '../../world/partition.ts';
import { objects } from '../../world/objects/records.ts';
import { roleInUse } from '../../world/roles.ts';
import { catalogArn } from '../../world/catalog.ts';
import { queriesOf, queryKey } from '../../world/queries/records.ts';
import { targetKey, targetsOf } from '../../world/scaling.ts';
import { copySource, s3Actions } from './s3.ts';

type Input = Readonly<Record<string, unknown>>;

/** Something that the caller must be allowed to do, for the operation to be carried out. */
export interface Requirement {
  /** `sagemaker:CreateModel` */
  action: string;
  /** An ARN, or `*` for an action without one. */
  resource: string;
  /** Condition keys of the request, as AWS spells them. */
  keys: Readonly<Record<string, readonly string[]>>;
}

/** The prefix of a service's actions, where it is not the service's id here. */
const PREFIXES: Readonly<Record<string, string>> = { 'sagemaker-runtime': 'sagemaker' };

/** The action that an operation of most services needs: of the same name, but for Lambda's Invoke. */
export function actionOf(service: string, operation: string): string {
  return service === 'lambda' && operation === 'Invoke' ? 'InvokeFunction' : operation;
}

/** What IAM asks before it lets an operation be carried out, in the order in which it is refused. */
export function requirementsOf(operation: OperationModel, input: Input, context: Context): Requirement[] {
  const service = PREFIXES[operation.service.id] ?? operation.service.id;
  const { name } = operation;
  // "No permissions are required to perform this operation" (API_GetCallerIdentity).
  if (service === 'sts' && name === 'GetCallerIdentity') return [];
  const names = service === 's3' ? s3Actions(name, input) : [actionOf(service, name)];
  const copied = service === 's3' ? copySource(name, input) : undefined;
  return [
    ...names.flatMap((one) => requirements(`${service}:${one}`, input, context)),
    ...(copied === undefined
      ? []
      : [{ action: 's3:GetObject', resource: `arn:${partitionOf(context.region)}:s3:::${copied}`, keys: {} }]),
    ...tagging(service, name, input, context),
    ...passing(service, name, input),
    ...deregistering(service, name, input, context),
  ];
}

function requirements(action: string, input: Input, context: Context): Requirement[] {
  const [service = ''] = action.split(':');
  const { required = [], optional = [] } = factsOf(action) ?? {};
  const named = optional.flatMap((kind) => resourcesOf(service, kind, action, input, context) ?? []).slice(0, 1);
  const all = required.flatMap(
    (kind) => resourcesOf(service, kind, action, input, context) ?? wide(service, kind, context),
  );
  // "you must have permission on the resource and all its ancestors" (Glue Developer Guide, "Data Catalog resource ARNs").
  const above = service === 'glue' && all.length > 0 ? [catalogArn(context)] : [];
  const resources = [...new Set([...above, ...all, ...(all.length > 0 ? [] : named)])];
  return (resources.length > 0 ? resources : ['*']).map((resource) => ({
    action,
    resource,
    keys: { ...requestKeys(action, input, context), ...tagsOn(resource, context) },
  }));
}

/** The ARNs of a kind of resource that the request names; undefined where it names none. */
function resourcesOf(
  service: string,
  kind: string,
  action: string,
  input: Input,
  context: Context,
): string[] | undefined {
  const arn = arnGiven(input, service, kind);
  if (arn !== undefined) return [arn];
  const text = (...members: string[]) => {
    const value = members.map((member) => input[member]).find((one) => typeof one === 'string' && one !== '');
    return value as string | undefined;
  };
  const filled = (values: Record<string, string | undefined>) =>
    Object.values(values).includes(undefined) ? undefined : [fill(service, kind, context, values)];
  switch (`${service} ${kind}`) {
    case 'sagemaker endpoint':
      return filled({ EndpointName: cased(text('EndpointName'), context) });
    case 'sagemaker endpoint-config':
      return filled({ EndpointConfigName: cased(text('EndpointConfigName'), context) });
    case 'sagemaker model':
      return filled({ ModelName: cased(text('ModelName'), context) });
    case 'sagemaker inference-experiment':
      return filled({ InferenceExperimentName: cased(text('Name'), context) });
    case 'sagemaker transform-job':
      return filled({ TransformJobName: cased(text('TransformJobName'), context) });
    case 'sagemaker inference-component':
      return filled({ InferenceComponentName: text('InferenceComponentName') });
    case 'sagemaker model-package':
    case 'sagemaker model-package-group':
      return filled({
        ModelPackageGroupName: text('ModelPackageGroupName'),
        ModelPackageName: text('ModelPackageName') ?? '*',
      });
    case 'cloudwatch alarm':
      return alarms(action, input, context);
    case 'logs log-group':
      // Only tags are on the group itself; everything else needs an ARN with `:*` (CloudWatch Logs User Guide,
      // "Overview of managing access permissions", ARN formats), and refusals show `:log-stream:` with nothing behind it.
      return filled({ LogGroupName: text('logGroupName') })?.map((one) => `${one}:log-stream:`);
    case 'logs log-stream':
      return filled({ LogGroupName: text('logGroupName'), LogStreamName: text('logStreamName') });
    case 's3 bucket':
      return filled({ BucketName: text('Bucket') });
    case 's3 object':
      return filled({ BucketName: text('Bucket'), ObjectName: text('Key') });
    case 'scheduler schedule':
      return filled({ GroupName: text('GroupName') ?? 'default', ScheduleName: text('Name') });
    case 'iam role': {
      const name = text('RoleName');
      if (name === undefined) return undefined;
      const path = text('Path') ?? roleInUse(context.world, context, name)?.path ?? '/';
      return filled({ RoleNameWithPath: `${path.slice(1)}${name}` });
    }
    case 'ecr repository':
      return filled({
        RepositoryName: text('repositoryName'),
        Account: text('registryId') ?? context.account,
      });
    case 'lambda function':
      return filled({ FunctionName: functionName(text('FunctionName')) });
    case 'events rule-on-default-event-bus':
      return filled({ RuleName: text('Name', 'Rule') });
    case 'events event-bus':
      return filled({ EventBusName: action === 'events:PutEvents' ? 'default' : undefined });
    case 'sqs queue':
      return filled({ QueueName: text('QueueName') ?? text('QueueUrl')?.replace(/^.*\//, '') });
    case 'cloudformation stack': {
      const stack = text('StackName');
      return stack?.startsWith('arn:') === true ? [stack] : filled({ StackName: stack, Id: '*' });
    }
    case 'athena workgroup':
      return filled({ WorkGroupName: workGroup(action, input, context) });
    case 'glue database':
      return filled({ DatabaseName: glueNames(action, input).database?.toLowerCase() });
    case 'glue table': {
      const { database, table } = glueNames(action, input);
      return filled({ DatabaseName: database?.toLowerCase(), TableName: table?.toLowerCase() });
    }
    case 'sns topic':
      return filled({ TopicName: text('Name') });
    default:
      return undefined;
  }
}

/** The workgroup that a request is about: that of its query, where it names one. */
function workGroup(action: string, input: Input, context: Context): string | undefined {
  const { QueryExecutionId: id, QueryExecutionIds: ids, WorkGroup: group, Name: name } = input;
  const [query] = [id, ids].flat().filter((one) => typeof one === 'string');
  if (query !== undefined) return queriesOf(context.world.store).get(queryKey(context, query))?.workGroup ?? 'primary';
  const named = action === 'athena:CreateWorkGroup' ? name : group;
  return typeof named === 'string' ? named : 'primary';
}

/** Database and table of a request to Glue; of a database that goes, all of its tables. */
function glueNames(action: string, input: Input): { database: string | undefined; table: string | undefined } {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const given = (value: unknown) => text((value as { Name?: unknown } | undefined)?.Name);
  const { Name, DatabaseName, TableName, DatabaseInput, TableInput } = input;
  if (/Database/.test(action)) return { database: text(Name) ?? given(DatabaseInput) ?? '*', table: '*' };
  return { database: text(DatabaseName), table: text(TableName) ?? text(Name) ?? given(TableInput) ?? '*' };
}

/** The name of a function, which may be named by its ARN or a part of it. */
function functionName(text: string | undefined): string | undefined {
  return text?.replace(/^(?:.*:)?function:/, '').replace(/:.*$/, '');
}

/** Members that hold the ARN of the resource itself. */
const ARNS = [
  'ResourceArn',
  'ResourceARN',
  'resourceArn',
  'TopicArn',
  'TargetArn',
  'SubscriptionArn',
  'RoleArn',
  'PolicySourceArn',
  'ModelPackageName',
];

function arnGiven(input: Input, service: string, kind: string): string | undefined {
  const template = templateOf(service, kind)?.replace(/\$\{[^}]+\}/g, '*') ?? '';
  const shape = new RegExp(`^${template.replace(/[.?+^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '[^]+?')}$`);
  for (const member of ARNS) {
    const value = input[member];
    if (typeof value !== 'string') continue;
    // A subscription's ARN is its topic's with an id behind it.
    if (member === 'SubscriptionArn') return value.replace(/:[^:]*$/, '');
    if (shape.test(value)) return value;
  }
  return undefined;
}

/**
 * The alarms that are named. Who asks for all, or for composite ones, must be allowed to see all: "scoped to *"
 * (API_DescribeAlarms).
 */
function alarms(action: string, input: Input, context: Context): string[] | undefined {
  const names = [input.AlarmName, input.AlarmNames].flat().filter((one) => typeof one === 'string');
  const all = [fill('cloudwatch', 'alarm', context, { AlarmName: '*' })];
  const composite = Array.isArray(input.AlarmTypes) && input.AlarmTypes.includes('CompositeAlarm');
  if (/:Describe/.test(action) && (names.length === 0 || composite)) return all;
  return names.length === 0 ? undefined : names.map((AlarmName) => fill('cloudwatch', 'alarm', context, { AlarmName }));
}

/** A resource of a kind that the request does not name: only a policy for all of them allows it. */
function wide(service: string, kind: string, context: Context): string {
  return fill(service, kind, context, {});
}

function fill(service: string, kind: string, context: Context, values: Readonly<Record<string, string | undefined>>) {
  const place: Record<string, string | undefined> = {
    Partition: partitionOf(context.region),
    Region: context.region,
    Account: context.account,
    ...values,
  };
  return (templateOf(service, kind) ?? '*').replace(/\$\{(\w+)\}/g, (_, name: string) => place[name] ?? '*');
}

function cased(name: string | undefined, { world }: Context): string | undefined {
  return world.switches.lowerCaseArns ? name?.toLowerCase() : name;
}

/** Tags that a request gives to what it creates. */
function tagsGiven(input: Input): readonly { Key: string; Value: string }[] {
  const { Tags, tags } = input;
  const given = Tags ?? tags;
  if (Array.isArray(given)) return given as { Key: string; Value: string }[];
  return typeof given === 'object' && given !== null
    ? Object.entries(given).map(([Key, Value]) => ({ Key, Value: String(Value) }))
    : [];
}

function tagKeys(tags: readonly { Key: string; Value: string }[]): Record<string, string[]> {
  if (tags.length === 0) return {};
  return {
    'aws:TagKeys': tags.map(({ Key }) => Key),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]])),
  };
}

function requestKeys(action: string, input: Input, context: Context): Requirement['keys'] {
  const { account } = context;
  const keys: Record<string, readonly string[]> = { ...tagKeys(tagsGiven(input)) };
  if (action === 's3:ListBucket' && typeof input.Prefix === 'string') keys['s3:prefix'] = [input.Prefix];
  // A bucket of another account is refused before IAM is asked.
  if (action.startsWith('s3:')) keys['s3:ResourceAccount'] = [account];
  if (action === 'sagemaker:CreateEndpointConfig') {
    const variants = [input.ProductionVariants, input.ShadowProductionVariants].flat() as (
      | { InstanceType?: string; ModelName?: string }
      | undefined
    )[];
    const models = variants.flatMap((one) => one?.ModelName ?? []);
    if (models.length > 0) keys['sagemaker:ModelArn'] = [...new Set(models)].map((one) => modelArn(one, context));
    const types = variants.flatMap((one) => one?.InstanceType ?? []);
    if (types.length > 0) keys['sagemaker:InstanceTypes'] = [...new Set(types)];
  }
  if (action === 'sagemaker:CreateTransformJob') {
    const { InstanceType: type } = Object(input.TransformResources) as { InstanceType?: string };
    if (type !== undefined) keys['sagemaker:InstanceTypes'] = [type];
    keys['sagemaker:ModelArn'] = [modelArn(input.ModelName, context)];
  }
  return keys;
}

function modelArn(name: unknown, context: Context): string {
  return fill('sagemaker', 'model', context, { ModelName: cased(String(name), context) });
}

/** The tags of what the request is about, where it has any. */
function tagsOn(resource: string, context: Context): Requirement['keys'] {
  const { world, account, region } = context;
  const [, , service = ''] = resource.split(':');
  const tags: Record<string, string> = {};
  if (service === 'sagemaker')
    for (const { Key, Value } of tagsOf(world.store).get(keyOf(context, resource.toLowerCase())) ?? [])
      tags[Key ?? ''] = Value ?? '';
  const alarm = /:alarm:(.*)$/.exec(resource)?.[1];
  if (alarm !== undefined && alarmArn(account, region, alarm) === resource)
    Object.assign(tags, world.alarms.get(account, region, alarm)?.tags);
  const keys = Object.entries(tags).flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, [value]],
    ...(service === 'sagemaker' ? [[`sagemaker:ResourceTag/${key}`, [value]]] : []),
  ]);
  if (service !== 's3') return Object.fromEntries(keys);
  const object = objects(world.store).get(resource.replace(/^arn:[^:]*:s3:::/, ''));
  return Object.fromEntries((object?.tags ?? []).map(({ Key, Value }) => [`s3:ExistingObjectTag/${Key}`, [Value]]));
}

/**
 * Tags at creation need the permission to tag beside that to create. SageMaker: AddTags, with `sagemaker:TaggingAction`
 * (Developer Guide, "Provide permissions for tagging SageMaker resources"). CloudWatch: "you must have the
 * cloudwatch:TagResource permission in addition" (API_PutMetricAlarm, Tags). CloudWatch Logs: both `logs:CreateLogGroup`
 * and `logs:TagResource` (API_CreateLogGroup). SNS: `sns:TagResource` (Developer Guide, "Amazon SNS topic tagging").
 * Application Auto Scaling: TagResource (API_RegisterScalableTarget, Tags). Lambda: TagResource (Developer Guide, "Using
 * tags on Lambda functions").
 */
const TAGGING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sagemaker: {
    CreateModel: 'AddTags',
    CreateEndpointConfig: 'AddTags',
    CreateEndpoint: 'AddTags',
    CreateTransformJob: 'AddTags',
  },
  cloudwatch: { PutMetricAlarm: 'TagResource' },
  logs: { CreateLogGroup: 'TagResource' },
  sns: { CreateTopic: 'TagResource' },
  'application-autoscaling': { RegisterScalableTarget: 'TagResource' },
  lambda: { CreateFunction: 'TagResource' },
  events: { PutRule: 'TagResource' },
  sqs: { CreateQueue: 'TagQueue' },
  iam: { CreateRole: 'TagRole' },
  athena: { CreateWorkGroup: 'TagResource' },
  glue: { CreateDatabase: 'TagResource' },
};

function tagging(service: string, name: string, input: Input, context: Context): Requirement[] {
  const action = TAGGING[service]?.[name];
  if (action === undefined || tagsGiven(input).length === 0) return [];
  // Of what is created, not of what it is made from.
  const [resource = '*'] = requirements(`${service}:${name}`, input, context).map((one) => one.resource);
  const keys: Record<string, readonly string[]> = { ...tagKeys(tagsGiven(input)) };
  if (service === 'sagemaker') keys['sagemaker:TaggingAction'] = [name];
  return [{ action: `${service}:${action}`, resource, keys }];
}

/**
 * Who lets SageMaker act with a role must be allowed to pass it (API_CreateModel, API_CreateEndpointConfig,
 * API_CreateInferenceExperiment), and so to Scheduler (AmazonEventBridgeSchedulerFullAccess, v4).
 */
function passing(service: string, name: string, input: Input): Requirement[] {
  if (service === 'scheduler' && /^(?:Create|Update)Schedule$/.test(name)) {
    const { RoleArn: resource = '*' } = (input.Target ?? {}) as { RoleArn?: string };
    const keys = { 'iam:PassedToService': ['scheduler.amazonaws.com'] };
    return [{ action: 'iam:PassRole', resource, keys }];
  }
  if (service === 'lambda' && typeof input.Role === 'string') {
    const keys = { 'iam:PassedToService': ['lambda.amazonaws.com'] };
    return [{ action: 'iam:PassRole', resource: input.Role, keys }];
  }
  if (service === 'cloudformation' && typeof input.RoleARN === 'string') {
    const keys = { 'iam:PassedToService': ['cloudformation.amazonaws.com'] };
    return [{ action: 'iam:PassRole', resource: input.RoleARN, keys }];
  }
  const passes = service === 'sagemaker' && /^Create(Model|EndpointConfig|InferenceExperiment)$/.test(name);
  const role = name === 'CreateInferenceExperiment' ? input.RoleArn : input.ExecutionRoleArn;
  if (!passes || typeof role !== 'string') return [];
  const keys = { 'iam:PassedToService': ['sagemaker.amazonaws.com'] };
  return [{ action: 'iam:PassRole', resource: role, keys }];
}

/**
 * An endpoint whose variants scale by themselves takes their targets with it: "the IAM identity used to invoke
 * DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission" (Developer Guide, "Delete
 * an endpoint with automatic scaling").
 */
function deregistering(service: string, name: string, input: Input, context: Context): Requirement[] {
  if (service !== 'sagemaker' || name !== 'DeleteEndpoint') return [];
  const { world } = context;
  const prefix = targetKey(context, {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${String(input.EndpointName)}/`,
    ScalableDimension: '',
  }).replace(/\|$/, '');
  const targets = [...targetsOf(world.store).entries()].filter(([key]) => key.startsWith(prefix));
  return targets.slice(0, 1).map(([, { arn }]) => ({
    action: 'application-autoscaling:DeregisterScalableTarget',
    resource: arn,
    keys: {},
  }));
}
