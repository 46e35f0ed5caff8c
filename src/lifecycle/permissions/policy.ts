import { athenaSettings } from '../../base/project.ts';
import { partitionOf } from '../../aws/partition.ts';
import { defaultBucket } from '../../resources/artifact/candidate.ts';
import { EXECUTION_ROLE, NEEDS, type Need, type On, type PermittedCommand, READ_STATE, WRITE_STATE } from './needs.ts';

/** For which account and endpoint a policy is written. */
export interface Place {
  region: string;
  /** Twelve digits. */
  account: string;
  /** Undefined: every endpoint. */
  endpoint: string | undefined;
  /** ARN of the role that models run with; undefined: any role of the account. */
  role: string | undefined;
  /** Buckets beside SageMaker's default one: for artifacts, captures, payloads. */
  buckets: readonly string[];
  /** Where journals are kept in a bucket; undefined: in a folder. The key ends without a slash. */
  state?: { bucket: string; key: string } | undefined;
  /** ARNs of the topics that are notified. */
  topics: readonly string[];
  /** What reports by Athena use; undefined: as where shadowctl.yaml says nothing. */
  athena?: { workgroup: string; database: string } | undefined;
}

/** A policy of IAM, as JSON. */
export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: {
    Sid: string;
    Effect: 'Allow';
    Action: string[];
    Resource: string | string[];
    Condition?: Record<string, Record<string, string>>;
  }[];
}

/**
 * The least policy with which whoever runs these commands can run them.
 * @param more what is done beside them
 */
export function callerPolicy(
  commands: readonly PermittedCommand[],
  place: Place,
  more: readonly Need[] = [],
): PolicyDocument {
  const needs = commands.flatMap((command): readonly Need[] => [
    ...NEEDS[command],
    ...(WITHOUT_JOURNAL.has(command) ? [] : READS_ONLY.has(command) ? READ_STATE : [...READ_STATE, ...WRITE_STATE]),
  ]);
  return policyOf([...needs, ...more], place);
}

/** Commands that write to no journal. */
const READS_ONLY: ReadonlySet<PermittedCommand> = new Set(['status', 'ls', 'history', 'doctor', 'invoke']);

/** Commands that know of no journal. */
const WITHOUT_JOURNAL: ReadonlySet<PermittedCommand> = new Set(['mirror', 'iam-policy', 'completion']);

/** What these commands read of buckets in which they write nothing. */
export function readerPolicy(
  commands: readonly PermittedCommand[],
  buckets: readonly string[],
  region: string,
): PolicyDocument {
  const needs = commands.flatMap((command): readonly Need[] => NEEDS[command]);
  const partition = partitionOf(region);
  const statement = (Sid: string, on: On, resource: (bucket: string) => string) => ({
    Sid,
    Effect: 'Allow' as const,
    Action: [...new Set(needs.flatMap((one) => (one.on === on && READING.has(one.action) ? [one.action] : [])))].sort(),
    Resource: buckets.map((bucket) => `arn:${partition}:s3:::${resource(bucket)}`),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      statement('OtherBuckets', 'bucket', (bucket) => bucket),
      statement('OtherObjects', 'objects', (bucket) => `${bucket}/*`),
    ],
  };
}

const READING: ReadonlySet<string> = new Set(['s3:ListBucket', 's3:GetObject', 's3:GetObjectVersion']);

/** The least policy of the role that models run with. */
export function executionRolePolicy(place: Place): PolicyDocument {
  return policyOf(EXECUTION_ROLE, place);
}

function policyOf(needs: readonly Need[], place: Place): PolicyDocument {
  const byResources = new Map<string, { on: On; resources: string[]; actions: Set<string> }>();
  for (const { action, on } of needs) {
    const resources = resourcesOf(on, place);
    if (resources.length === 0) continue;
    const key = `${on === 'role' ? 'role ' : ''}${resources.join(' ')}`;
    const group = byResources.get(key) ?? { on, resources, actions: new Set<string>() };
    group.actions.add(action);
    byResources.set(key, group);
  }
  const wide = byResources.get('*')?.actions;
  const Statement = [...byResources.values()].flatMap(({ on, resources, actions }) => {
    // What is allowed on everything need not be allowed on something.
    const kept = [...actions].filter((action) => resources[0] === '*' || wide?.has(action) !== true).sort();
    if (kept.length === 0) return [];
    return [
      {
        Sid: SIDS[on],
        Effect: 'Allow' as const,
        Action: kept,
        Resource: resources.length === 1 && resources[0] !== undefined ? resources[0] : resources,
        ...(on === 'role' && { Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } } }),
      },
    ];
  });
  return { Version: '2012-10-17', Statement };
}

const SIDS: Readonly<Record<On, string>> = {
  any: 'Everything',
  endpoint: 'Endpoint',
  'any endpoint': 'AnyEndpoint',
  'any endpoint, config and model': 'AnyEndpointConfigAndModel',
  'endpoint and any config': 'UpdateToAnyConfig',
  'endpoint and our config': 'EndpointAndConfigs',
  'any model package': 'AnyModelPackage',
  'any config': 'AnyConfig',
  'any inference experiment': 'AnyInferenceExperiment',
  'any model': 'AnyModel',
  'any transform job': 'AnyTransformJob',
  'any model and transform job': 'AnyModelAndTransformJob',
  'transform log group': 'TransformLogs',
  'our configs': 'Configs',
  'our models': 'Models',
  'our endpoint, configs and models': 'EndpointConfigsAndModels',
  'our alarms': 'Alarms',
  'log group': 'Logs',
  'any log group': 'AnyLogs',
  bucket: 'Buckets',
  objects: 'Objects',
  role: 'RunModels',
  'any role': 'AnyRole',
  'any principal': 'AnyPrincipal',
  'any image': 'AnyImage',
  topics: 'Notify',
  'scalable targets': 'ScalableTargets',
  'athena workgroup': 'Athena',
  'glue database': 'GlueDatabase',
  'glue tables': 'GlueTables',
  'state bucket': 'StateBucket',
  'state objects': 'State',
  'scaling alarms': 'ScalingAlarms',
  'pipeline stack': 'PipelineStack',
  'pipeline function': 'PipelineFunction',
  'pipeline roles': 'PipelineRoles',
  'pipeline log group': 'PipelineLog',
  'pipeline topic': 'PipelineTopic',
  'pipeline queue': 'PipelineQueue',
  'pipeline rules': 'PipelineRules',
  'pipeline schedule': 'PipelineSchedule',
  'pipeline alarms': 'PipelineAlarms',
  'pipeline bucket': 'PipelineBucket',
  'pipeline objects': 'PipelineObjects',
};

/** The longest that every name of a pipeline's parts has of its endpoint's (`src/pipeline/names.ts`). */
const PIPELINE_ENDPOINT = 31;
/** The bucket that a pipeline makes, likewise. */
const PIPELINE_BUCKET = 'shadowctl-state';

/** The longest that shadowctl appends to an endpoint's name where it names models and configs itself (`chooseName`). */
const LONGEST_TAIL = '-calibrate-config-20260105-090000-10'.length;

/** ARNs of what an action is for, with wildcards; `*`: it has no resource of its own. */
export function resourcesOf(on: On, place: Place): string[] {
  const { region, account, endpoint, role, buckets, topics } = place;
  const partition = partitionOf(region);
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const sagemaker = (kind: string, names: readonly string[]) =>
    names.map((name) => arn('sagemaker', `${kind}/${name}`));
  // ARNs of older accounts hold names in lower case.
  const cases = (name: string) => [...new Set([name, name.toLowerCase()])];
  const names = cases(endpoint ?? '*');
  const ours = cases(endpoint === undefined ? '*' : `${endpoint.slice(0, 63 - LONGEST_TAIL)}*`);
  const s3 = [...new Set([defaultBucket(region, account), ...buckets])].map(
    (bucket) => `arn:${partition}:s3:::${bucket}`,
  );
  const logGroup = `/aws/sagemaker/Endpoints/${endpoint ?? '*'}`;
  const { workgroup, database } = place.athena ?? athenaSettings({});
  // Glue asks for each level: the catalog, the database, the table (Glue Developer Guide, "Specifying AWS Glue resource ARNs").
  const catalog = [arn('glue', 'catalog'), arn('glue', `database/${database}`)];
  const pipeline = `shadowctl-${(endpoint ?? '').slice(0, PIPELINE_ENDPOINT)}*`;
  switch (on) {
    case 'any':
      return ['*'];
    case 'endpoint':
      return sagemaker('endpoint', names);
    case 'any endpoint':
      return sagemaker('endpoint', ['*']);
    case 'any endpoint, config and model':
      return ['endpoint', 'endpoint-config', 'model'].flatMap((kind) => sagemaker(kind, ['*']));
    case 'endpoint and our config':
      return [...sagemaker('endpoint', names), ...sagemaker('endpoint-config', ours)];
    case 'endpoint and any config':
      return [...sagemaker('endpoint', names), ...sagemaker('endpoint-config', ['*'])];
    case 'any model package':
      return sagemaker('model-package', ['*']);
    case 'any inference experiment':
      return sagemaker('inference-experiment', ['*']);
    case 'any config':
      return sagemaker('endpoint-config', ['*']);
    case 'any model':
      return sagemaker('model', ['*']);
    case 'any transform job':
      return sagemaker('transform-job', ['*']);
    case 'any model and transform job':
      return ['model', 'transform-job'].flatMap((kind) => sagemaker(kind, ['*']));
    case 'transform log group':
      return [arn('logs', 'log-group:/aws/sagemaker/TransformJobs:*')];
    case 'our configs':
      return sagemaker('endpoint-config', ours);
    case 'our models':
      return sagemaker('model', ours);
    case 'our endpoint, configs and models':
      return [...sagemaker('endpoint', names), ...sagemaker('endpoint-config', ours), ...sagemaker('model', ours)];
    case 'our alarms':
      return [arn('cloudwatch', `alarm:${endpoint ?? ''}*`)];
    case 'log group':
      return [arn('logs', `log-group:${logGroup}:*`)];
    case 'athena workgroup':
      return [arn('athena', `workgroup/${workgroup}`)];
    case 'glue database':
      return catalog;
    case 'glue tables':
      return [...catalog, arn('glue', `table/${database}/*`)];
    case 'state bucket':
      return place.state === undefined ? [] : [`arn:${partition}:s3:::${place.state.bucket}`];
    case 'state objects':
      return place.state === undefined
        ? []
        : [
            `arn:${partition}:s3:::${[place.state.bucket, place.state.key, '*'].filter((part) => part !== '').join('/')}`,
          ];
    case 'any log group':
      return [arn('logs', 'log-group:*')];
    case 'bucket':
      return s3;
    case 'objects':
      return s3.map((bucket) => `${bucket}/*`);
    case 'role':
      return [role ?? `arn:${partition}:iam::${account}:role/*`];
    case 'any role':
      return [`arn:${partition}:iam::${account}:role/*`];
    case 'any principal':
      return ['role', 'user'].map((kind) => `arn:${partition}:iam::${account}:${kind}/*`);
    case 'any image':
      // Images may be in the registry of another account.
      return [`arn:${partition}:ecr:${region}:*:repository/*`];
    case 'topics':
      return [...topics];
    case 'scalable targets':
      return [arn('application-autoscaling', 'scalable-target/*')];
    case 'pipeline stack':
      return [arn('cloudformation', `stack/${pipeline}/*`)];
    case 'pipeline function':
      return [arn('lambda', `function:${pipeline}`)];
    case 'pipeline roles':
      return [`arn:${partition}:iam::${account}:role/${pipeline}`];
    case 'pipeline log group':
      return [arn('logs', `log-group:/aws/lambda/${pipeline}`)];
    case 'pipeline topic':
      return [arn('sns', pipeline)];
    case 'pipeline queue':
      return [arn('sqs', pipeline)];
    case 'pipeline rules':
      return [arn('events', `rule/${pipeline}`)];
    case 'pipeline schedule':
      return [arn('scheduler', `schedule/default/${pipeline}`)];
    case 'pipeline alarms':
      return [arn('cloudwatch', `alarm:${pipeline}`)];
    case 'pipeline bucket':
    case 'pipeline objects': {
      const bucket = place.state?.bucket ?? `${PIPELINE_BUCKET}-${account}-${region}`;
      return [`arn:${partition}:s3:::${bucket}${on === 'pipeline bucket' ? '' : '/*'}`];
    }
    case 'scaling alarms':
      // As Application Auto Scaling names the alarms of target tracking (AWSApplicationAutoscalingSageMakerEndpointPolicy).
      return [arn('cloudwatch', 'alarm:TargetTracking*')];
  }
}
