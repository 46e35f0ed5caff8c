/** What is asked of AWS: which of these resources an action is for (`resourcesOf` in `policy.ts` writes their ARNs). */
export type On =
  | 'any'
  | 'endpoint'
  | 'any endpoint'
  | 'any endpoint, config and model'
  | 'endpoint and any config'
  | 'endpoint and our config'
  | 'any model package'
  | 'any config'
  | 'any inference experiment'
  | 'any model'
  | 'any transform job'
  | 'any model and transform job'
  | 'transform log group'
  | 'our configs'
  | 'our models'
  | 'our endpoint, configs and models'
  | 'our alarms'
  | 'log group'
  | 'any log group'
  | 'bucket'
  | 'objects'
  | 'role'
  | 'any role'
  | 'any principal'
  | 'any image'
  | 'topics'
  | 'scalable targets'
  | 'scaling alarms'
  | 'athena workgroup'
  | 'glue database'
  | 'glue tables'
  | 'state bucket'
  | 'state objects'
  | 'pipeline stack'
  | 'pipeline function'
  | 'pipeline roles'
  | 'pipeline log group'
  | 'pipeline topic'
  | 'pipeline queue'
  | 'pipeline rules'
  | 'pipeline schedule'
  | 'pipeline alarms'
  | 'pipeline bucket'
  | 'pipeline objects';

/** One action that a command calls. */
export interface Need {
  action: string;
  on: On;
  /** Without it the command does its work, and says what it did not see. */
  optional?: true;
  /** Only with this flag, or only then: for the documentation. */
  only?: string;
}

const need = (action: string, on: On, more: Omit<Need, 'action' | 'on'> = {}): Need => ({ action, on, ...more });
const optional = (action: string, on: On, only?: string): Need =>
  need(action, on, { optional: true, ...(only !== undefined && { only }) });

const IDENTITY = [need('sts:GetCallerIdentity', 'any')];

/** The endpoint, the config that it runs and its models. */
const LOOK = [
  need('sagemaker:DescribeEndpoint', 'endpoint'),
  need('sagemaker:DescribeEndpointConfig', 'any config'),
  need('sagemaker:DescribeModel', 'any model'),
];

/** Where shadowctl has let a shadow scale. */
const SCALED = 'a shadow was attached with --autoscale';

/** Whose it is. */
const OWNER = [need('sagemaker:ListTags', 'our endpoint, configs and models')];

/** Whether an inference experiment of SageMaker's has the endpoint. */
const EXPERIMENTS = [
  optional('sagemaker:ListInferenceExperiments', 'any'),
  optional('sagemaker:DescribeInferenceExperiment', 'any inference experiment', 'there are some'),
];

/** What carries shadowctl's tag of an endpoint, whatever its name. */
const byTag = (flag: string): Need[] => [
  optional('sagemaker:ListModels', 'any', flag),
  optional('sagemaker:ListEndpointConfigs', 'any', flag),
  optional('sagemaker:ListTags', 'any endpoint, config and model', flag),
  optional('cloudwatch:DescribeAlarms', 'any', flag),
  optional('cloudwatch:ListTagsForResource', 'our alarms', flag),
  optional('s3:ListBucket', 'bucket', flag),
  optional('s3:GetObject', 'objects', flag),
  optional('logs:DescribeLogGroups', 'any', flag),
  optional('glue:GetDatabase', 'glue database', flag),
];

const ATHENA_USED = 'a report was read by Athena';
const ATHENA = '--engine athena';

/** What Athena does is done with the permissions of whoever asks for it: it reads the catalog and the buckets as they. */
const BY_ATHENA = [
  ...['GetWorkGroup', 'StartQueryExecution', 'GetQueryExecution', 'GetQueryResults', 'StopQueryExecution'].map((name) =>
    need(`athena:${name}`, 'athena workgroup', { only: ATHENA }),
  ),
  ...['ListQueryExecutions', 'BatchGetQueryExecution'].map((name) =>
    need(`athena:${name}`, 'athena workgroup', { only: ATHENA }),
  ),
  need('glue:GetDatabase', 'glue database', { only: ATHENA }),
  need('glue:CreateDatabase', 'glue database', { only: `${ATHENA}, and the database is missing` }),
  need('glue:TagResource', 'glue database', { only: `${ATHENA}, and the database is missing` }),
  ...['GetTable', 'GetTables', 'GetPartitions', 'CreateTable', 'DeleteTable'].map((name) =>
    need(`glue:${name}`, 'glue tables', { only: ATHENA }),
  ),
  need('s3:GetBucketLocation', 'bucket', { only: ATHENA }),
  need('s3:ListBucketMultipartUploads', 'bucket', { only: ATHENA }),
  need('s3:PutObject', 'objects', { only: ATHENA }),
  need('s3:DeleteObject', 'objects', { only: ATHENA }),
  need('s3:AbortMultipartUpload', 'objects', { only: ATHENA }),
  need('s3:ListMultipartUploadParts', 'objects', { only: ATHENA }),
  need('s3:CreateBucket', 'bucket', { only: `${ATHENA}, and no bucket is there` }),
];

/** What of Athena is there: what cleanup deletes, and status counts. */
const ATHENA_LEFT = [
  optional('glue:GetDatabase', 'glue database', ATHENA_USED),
  optional('glue:GetTables', 'glue tables', ATHENA_USED),
  optional('athena:ListQueryExecutions', 'athena workgroup', ATHENA_USED),
  optional('athena:BatchGetQueryExecution', 'athena workgroup', ATHENA_USED),
];

/** What stands of all that the journal names. */
const INVENTORY = [
  optional('cloudwatch:DescribeAlarms', 'any'),
  optional('cloudwatch:ListTagsForResource', 'our alarms', 'an alarm was given another description'),
  optional('s3:ListBucket', 'bucket', 'there are captures'),
  optional('s3:GetObject', 'objects'),
  optional('s3:ListAllMyBuckets', 'any'),
  optional('logs:DescribeLogGroups', 'any'),
  optional('application-autoscaling:DescribeScalableTargets', 'any', SCALED),
  optional('application-autoscaling:DescribeScalingPolicies', 'any', SCALED),
  ...ATHENA_LEFT,
];

/** To let a shadow scale (SageMaker Developer Guide, "Auto scaling prerequisites"; production has made the service-linked role). */
const AUTOSCALE = [
  need('application-autoscaling:DescribeScalableTargets', 'any'),
  need('application-autoscaling:DescribeScalingPolicies', 'any'),
  need('application-autoscaling:RegisterScalableTarget', 'scalable targets'),
  need('application-autoscaling:PutScalingPolicy', 'scalable targets'),
  need('sagemaker:UpdateEndpointWeightsAndCapacities', 'endpoint'),
  need('cloudwatch:DescribeAlarms', 'any'),
  need('cloudwatch:PutMetricAlarm', 'scaling alarms'),
  need('cloudwatch:DeleteAlarms', 'scaling alarms'),
];

/** Taking a shadow away that scales, or putting it into production. */
const UNSCALE = [need('application-autoscaling:DeregisterScalableTarget', 'scalable targets', { only: SCALED })];

const CANDIDATE = [
  need('sagemaker:CreateModel', 'our models'),
  need('sagemaker:CreateEndpointConfig', 'our configs'),
  need('sagemaker:AddTags', 'our endpoint, configs and models'),
  need('iam:PassRole', 'role'),
  need('sagemaker:DescribeModelPackage', 'any model package', { only: '--model-package' }),
  need('s3:ListBucket', 'bucket', { only: 'a local --artifact' }),
  need('s3:CreateBucket', 'bucket', { only: 'a local --artifact' }),
  need('s3:GetObject', 'objects', { only: 'a local --artifact' }),
  need('s3:PutObject', 'objects', { only: 'a local --artifact' }),
  need('s3:AbortMultipartUpload', 'objects', { only: 'a large local --artifact' }),
  need('s3:ListBucketMultipartUploads', 'bucket', { only: 'an upload of a large artifact was killed' }),
];

const UPDATE = [need('sagemaker:UpdateEndpoint', 'endpoint and our config')];
const EXPLAIN = [
  optional('logs:FilterLogEvents', 'log group', 'an update fails'),
  optional('logs:DescribeLogStreams', 'log group', 'logs:FilterLogEvents is missing'),
  optional('logs:GetLogEvents', 'log group', 'logs:FilterLogEvents is missing'),
];

/** Without one the description of an alarm says whose it is. */
const OTHER_WORDS = 'an alarm of an earlier update was given another description';

const ALARMS = [
  need('cloudwatch:DescribeAlarms', 'any'),
  need('cloudwatch:PutMetricAlarm', 'our alarms'),
  // The alarm's description says whose it is, too: nothing is lost, and nothing is said.
  optional('cloudwatch:TagResource', 'our alarms'),
  need('cloudwatch:ListTagsForResource', 'our alarms', { only: OTHER_WORDS }),
  need('cloudwatch:GetMetricData', 'any'),
];

const WATCH = [
  optional('cloudwatch:DescribeAlarmHistory', 'our alarms', 'an update fails'),
  optional('logs:DescribeLogStreams', 'log group', 'an update fails'),
  ...EXPLAIN,
];

/** Where a price is neither given nor estimated: what plans and lists say that instances cost. */
const PRICED = 'a price is neither given nor estimated';

/** What instances cost, whether the endpoint scales automatically, and whether its models could be started again. */
const STANDING = [
  optional('application-autoscaling:DescribeScalableTargets', 'any'),
  optional('s3:GetObject', 'objects'),
  optional('s3:ListBucket', 'bucket', 'the artifact is gone'),
  optional('iam:GetRole', 'any role'),
  optional('ecr:BatchGetImage', 'any image', 'images of your own'),
  optional('pricing:GetProducts', 'any', PRICED),
];

const NOTIFY = [optional('sns:Publish', 'topics', '--notify with a topic')];
const TRAFFIC = [need('sagemaker:InvokeEndpoint', 'endpoint', { only: '--traffic' })];

const GUARDED = [...UPDATE, ...STANDING, ...ALARMS, ...WATCH, ...NOTIFY, ...TRAFFIC];

const REPORT = [
  ...LOOK,
  optional('cloudwatch:GetMetricData', 'any'),
  optional('s3:ListBucket', 'bucket'),
  optional('s3:GetObject', 'objects'),
  optional('logs:FilterLogEvents', 'log group', '--source logs'),
  optional('logs:DescribeLogStreams', 'log group', '--source logs, and logs:FilterLogEvents is missing'),
  optional('logs:GetLogEvents', 'log group', '--source logs, and logs:FilterLogEvents is missing'),
  optional('logs:StartQuery', 'log group', '--logs-query'),
  optional('logs:GetQueryResults', 'any log group', '--logs-query'),
  optional('logs:StopQuery', 'any', '--logs-query'),
];

const MADE_ANEW = 'the config from before the shadow does not fit any more';
/** What cleanup takes away before it deletes anything. */
const ENDS_SHADOW = 'an adopted endpoint carries a shadow of shadowctl';
const KILLED = 'an earlier command was killed';
const SOMETHING_TO_GO = 'there is something to delete';
const WITHOUT_SHADOW = 'going back to production alone where only its config with the shadow is left';

/** The same, where all of it is needed only with a flag. */
const only = (flag: string, needs: readonly Need[]): Need[] => needs.map((one) => ({ ...one, only: one.only ?? flag }));

/** What every command looks at before it changes what an endpoint runs. */
const UPDATING = [...IDENTITY, ...STANDING, ...LOOK, ...OWNER, ...EXPERIMENTS];

/** Models and uploads of a batch have names of its own, not of an endpoint's. */
const MADE_FOR_BATCH = 'the candidate is no model yet';

const BATCH = [
  need('sagemaker:CreateTransformJob', 'any transform job'),
  need('sagemaker:DescribeTransformJob', 'any transform job'),
  need('sagemaker:AddTags', 'any model and transform job'),
  need('sagemaker:DescribeModel', 'any model'),
  need('s3:ListBucket', 'bucket'),
  need('s3:GetObject', 'objects'),
  need('s3:PutObject', 'objects'),
  need('sagemaker:CreateModel', 'any model', { only: MADE_FOR_BATCH }),
  need('iam:PassRole', 'role', { only: MADE_FOR_BATCH }),
  need('sagemaker:DescribeModelPackage', 'any model package', { only: '--model-package' }),
  need('s3:CreateBucket', 'bucket', { only: 'the first local --artifact' }),
  need('s3:AbortMultipartUpload', 'objects', { only: 'a large file' }),
  need('s3:ListBucketMultipartUploads', 'bucket', { only: 'an upload of a large artifact was killed' }),
  need('sagemaker:StopTransformJob', 'any transform job', { only: '--max-cost; a release that ends' }),
  need('sagemaker:ListTags', 'any model and transform job', { only: KILLED }),
  optional('logs:FilterLogEvents', 'transform log group', 'an object fails'),
  optional('logs:DescribeLogStreams', 'transform log group', 'logs:FilterLogEvents is missing'),
  optional('logs:GetLogEvents', 'transform log group', 'logs:FilterLogEvents is missing'),
  optional('pricing:GetProducts', 'any', PRICED),
];

/** What a release's batch needs beside what the release does: its candidate is a model by then. */
export const BATCH_OF_RELEASE: readonly Need[] = BATCH.filter((one: Need) => one.only !== MADE_FOR_BATCH);

/** What AWS CloudFormation does for a stack, with the permissions of whoever deploys it. */
const several = (service: string, on: On, names: readonly string[], flag?: string): Need[] =>
  names.map((name) => need(`${service}:${name}`, on, flag === undefined ? {} : { only: flag }));

const PIPELINE = [
  ...several('cloudformation', 'pipeline stack', [
    ...['CreateChangeSet', 'DescribeChangeSet', 'ExecuteChangeSet', 'DescribeStacks', 'DescribeStackEvents'],
  ]),
  ...several('cloudformation', 'pipeline stack', ['DeleteChangeSet'], 'nothing has changed'),
  ...several('cloudformation', 'pipeline stack', ['DeleteStack'], 'remove'),
  ...several('iam', 'pipeline roles', [
    'CreateRole',
    'GetRole',
    'ListAttachedRolePolicies',
    'ListRolePolicies',
    'PassRole',
    'PutRolePolicy',
    'TagRole',
  ]),
  ...several('iam', 'pipeline roles', ['DeleteRole', 'DeleteRolePolicy'], 'remove'),
  ...several('lambda', 'pipeline function', [
    ...['CreateFunction', 'GetFunction', 'GetFunctionConfiguration', 'AddPermission', 'TagResource'],
    ...['GetFunctionEventInvokeConfig', 'GetPolicy', 'PutFunctionEventInvokeConfig'],
  ]),
  ...several('lambda', 'pipeline function', ['CreateFunctionUrlConfig', 'GetFunctionUrlConfig'], 'without --no-link'),
  ...several('lambda', 'pipeline function', ['UpdateFunctionCode', 'UpdateFunctionConfiguration'], 'another version'),
  ...several(
    'lambda',
    'pipeline function',
    ['DeleteFunction', 'DeleteFunctionEventInvokeConfig', 'DeleteFunctionUrlConfig', 'RemovePermission'],
    'remove',
  ),
  ...several('logs', 'pipeline log group', ['CreateLogGroup', 'PutRetentionPolicy', 'TagResource']),
  ...several('logs', 'pipeline log group', ['DeleteLogGroup'], 'remove'),
  ...several('logs', 'pipeline log group', ['FilterLogEvents'], 'logs'),
  need('logs:DescribeLogGroups', 'any'),
  ...several('sns', 'pipeline topic', ['CreateTopic', 'GetTopicAttributes', 'TagResource']),
  ...several('sns', 'pipeline topic', ['Subscribe', 'Unsubscribe'], '--email'),
  ...several('sns', 'pipeline topic', ['DeleteTopic'], 'remove'),
  optional('sns:ListSubscriptionsByTopic', 'pipeline topic', 'status'),
  ...several('sqs', 'pipeline queue', ['CreateQueue', 'GetQueueAttributes', 'GetQueueUrl', 'TagQueue']),
  ...several('sqs', 'pipeline queue', ['DeleteQueue'], 'remove'),
  ...several('events', 'pipeline rules', ['PutRule', 'DescribeRule', 'PutTargets', 'TagResource']),
  ...several('events', 'pipeline rules', ['DeleteRule', 'RemoveTargets'], 'remove'),
  ...several('scheduler', 'pipeline schedule', ['CreateSchedule', 'GetSchedule']),
  ...several('scheduler', 'pipeline schedule', ['UpdateSchedule'], 'another version'),
  ...several('scheduler', 'pipeline schedule', ['DeleteSchedule'], 'remove'),
  ...several('cloudwatch', 'pipeline alarms', ['PutMetricAlarm', 'TagResource']),
  ...several('cloudwatch', 'pipeline alarms', ['DeleteAlarms'], 'remove'),
  need('cloudwatch:DescribeAlarms', 'any'),
  ...several(
    's3',
    'pipeline bucket',
    [
      ...['CreateBucket', 'PutBucketOwnershipControls', 'PutBucketPublicAccessBlock', 'PutBucketTagging'],
      'PutEncryptionConfiguration',
    ],
    'the stack makes the bucket',
  ),
  ...several('s3', 'pipeline bucket', ['ListBucket']),
  ...several('s3', 'pipeline bucket', ['DeleteBucket'], 'remove --delete-bucket'),
  ...several('s3', 'pipeline objects', ['GetObject', 'PutObject', 'DeleteObject']),
  ...several('s3', 'bucket', ['GetBucketNotification', 'PutBucketNotification'], '--watch of uploads'),
];

/** What every command needs where journals are kept in a bucket. */
export const READ_STATE = [need('s3:ListBucket', 'state bucket'), need('s3:GetObject', 'state objects')];
/** What those need beside it that write to a journal: its lock is an object too. */
export const WRITE_STATE = [need('s3:PutObject', 'state objects'), need('s3:DeleteObject', 'state objects')];

/** What each command needs of whoever runs it. */
export const NEEDS = {
  status: [
    ...IDENTITY,
    ...LOOK,
    ...OWNER,
    ...EXPERIMENTS,
    ...INVENTORY,
    optional('application-autoscaling:DescribeScalableTargets', 'any', 'the number of instances has changed'),
  ],
  ls: [
    ...IDENTITY,
    need('sagemaker:DescribeEndpoint', 'endpoint'),
    optional('sagemaker:DescribeEndpointConfig', 'any config'),
    optional('sagemaker:DescribeModel', 'any model'),
    optional('sagemaker:ListTags', 'our endpoint, configs and models'),
    need('sagemaker:ListEndpoints', 'any', { only: '--all' }),
    optional('pricing:GetProducts', 'any', PRICED),
  ],
  history: [...IDENTITY],
  doctor: [
    ...IDENTITY,
    ...STANDING,
    ...LOOK,
    ...OWNER,
    ...EXPERIMENTS,
    optional('cloudwatch:DescribeAlarms', 'any'),
    optional('cloudwatch:GetMetricData', 'any'),
    need('iam:SimulatePrincipalPolicy', 'any principal', { only: '--permissions' }),
  ],
  deploy: [
    ...UPDATING,
    ...CANDIDATE,
    need('sagemaker:CreateEndpoint', 'endpoint and our config'),
    ...UPDATE,
    ...UNSCALE,
    need('sagemaker:InvokeEndpoint', 'endpoint', { only: '--test' }),
    optional('cloudwatch:GetMetricData', 'any', '--test'),
    optional('logs:DescribeLogGroups', 'any'),
    ...EXPLAIN,
  ],
  invoke: [
    ...IDENTITY,
    need('sagemaker:InvokeEndpoint', 'endpoint'),
    need('s3:GetObject', 'objects', { only: '--data in S3' }),
  ],
  replay: [
    need('sagemaker:InvokeEndpoint', 'endpoint', { only: 'to an endpoint' }),
    optional('sagemaker:DescribeEndpoint', 'endpoint', 'to an endpoint'),
    optional('sagemaker:DescribeEndpointConfig', 'any config', 'to an endpoint'),
    optional('pricing:GetProducts', 'any', PRICED),
    need('sts:GetCallerIdentity', 'any', { only: '--load of an endpoint, without --yes' }),
    need('s3:ListBucket', 'bucket', { only: '--from in S3' }),
    need('s3:GetObject', 'objects', { only: '--from in S3' }),
  ],
  canary: [...IDENTITY, ...LOOK, ...OWNER, ...EXPERIMENTS, ...CANDIDATE, ...GUARDED],
  rollout: [
    ...UPDATING,
    ...CANDIDATE,
    ...UPDATE,
    need('sagemaker:UpdateEndpointWeightsAndCapacities', 'endpoint'),
    need('cloudwatch:GetMetricData', 'any'),
    need('s3:ListBucket', 'bucket', { only: '--by' }),
    need('s3:GetObject', 'objects', { only: '--by' }),
    ...EXPLAIN,
    ...NOTIFY,
  ],
  shadow: [
    ...UPDATING,
    ...CANDIDATE,
    ...UPDATE,
    ...EXPLAIN,
    ...only(
      '--calibrate',
      REPORT.filter(({ action }) => !action.startsWith('logs:')),
    ),
    ...only('--autoscale', AUTOSCALE),
    ...UNSCALE,
  ],
  watch: [
    ...IDENTITY,
    ...REPORT.filter(({ action }) => !action.startsWith('logs:')),
    optional('cloudwatch:DescribeAlarms', 'any'),
  ],
  report: [...IDENTITY, ...REPORT, ...BY_ATHENA],
  promote: [
    ...IDENTITY,
    ...OWNER,
    ...EXPERIMENTS,
    ...REPORT.filter(({ action }) => !action.startsWith('logs:')),
    need('sagemaker:CreateEndpointConfig', 'our configs'),
    need('sagemaker:AddTags', 'our endpoint, configs and models'),
    ...GUARDED,
    ...UNSCALE,
  ],
  release: [
    ...UPDATING,
    ...CANDIDATE.filter(({ action }) => !action.startsWith('s3:')),
    need('s3:GetObject', 'objects'),
    need('s3:GetObjectVersion', 'objects', { only: 'an --artifact in a bucket with versions' }),
    need('s3:PutObject', 'objects', { only: 'an --artifact' }),
    need('s3:ListBucket', 'bucket', { only: 'an --artifact, --watch' }),
    need('s3:CreateBucket', 'bucket', { only: 'the first --artifact' }),
    need('s3:AbortMultipartUpload', 'objects', { only: 'a large --artifact' }),
    need('sagemaker:UpdateEndpoint', 'endpoint and any config'),
    ...REPORT.filter(({ action }) => !action.startsWith('logs:')),
    ...GUARDED.filter(({ action }) => action !== 'sagemaker:InvokeEndpoint'),
    need('sagemaker:ListModelPackages', 'any', { only: '--watch of a group' }),
    optional('sns:ListSubscriptionsByTopic', 'topics', '--notify with a topic'),
    ...UNSCALE,
  ],
  pipeline: [...IDENTITY, ...LOOK, ...OWNER, ...PIPELINE],
  batch: [...IDENTITY, ...BATCH],
  keep: [
    ...UPDATING,
    ...UNSCALE,
    need('sagemaker:UpdateEndpoint', 'endpoint and any config'),
    need('sagemaker:CreateEndpointConfig', 'our configs', { only: MADE_ANEW }),
    need('sagemaker:AddTags', 'our endpoint, configs and models', { only: MADE_ANEW }),
    ...EXPLAIN,
  ],
  undo: [
    ...UPDATING,
    ...UNSCALE,
    need('sagemaker:UpdateEndpoint', 'endpoint and any config'),
    need('sagemaker:CreateEndpointConfig', 'our configs', { only: WITHOUT_SHADOW }),
    need('sagemaker:AddTags', 'our endpoint, configs and models', { only: WITHOUT_SHADOW }),
    ...EXPLAIN,
    ...only('--strategy', [...ALARMS, ...WATCH]),
    ...NOTIFY,
  ],
  abort: [
    ...IDENTITY,
    need('sagemaker:DescribeEndpoint', 'endpoint'),
    optional('sagemaker:DescribeEndpointConfig', 'any config', KILLED),
    optional('sagemaker:DescribeModel', 'any model', KILLED),
    optional('sagemaker:ListTags', 'our endpoint, configs and models', KILLED),
    need('cloudwatch:DescribeAlarms', 'any'),
    need('cloudwatch:PutMetricAlarm', 'our alarms'),
    optional('cloudwatch:TagResource', 'our alarms'),
    need('cloudwatch:SetAlarmState', 'our alarms'),
    optional('cloudwatch:GetMetricData', 'any'),
    ...WATCH,
  ],
  mirror: [
    need('sagemaker:InvokeEndpoint', 'endpoint', { only: 'a side is sagemaker:NAME' }),
    need('sagemaker:InvokeEndpointWithResponseStream', 'endpoint', { only: 'callers stream' }),
    optional('s3:PutObject', 'objects', '--upload'),
    optional('s3:AbortMultipartUpload', 'objects', '--upload'),
  ],
  state: [...IDENTITY],
  'iam-policy': [need('sts:GetCallerIdentity', 'any', { only: 'without --account' })],
  completion: [need('sagemaker:ListEndpoints', 'any', { only: 'names of endpoints that only the account knows' })],
  adopt: [
    ...IDENTITY,
    ...LOOK,
    ...OWNER,
    optional('cloudwatch:DescribeAlarms', 'any'),
    ...byTag("the endpoint carries shadowctl's tag, and no journal names it"),
  ],
  disown: [...IDENTITY, ...LOOK, ...only('shadowctl has created something for it', [...OWNER, ...INVENTORY])],
  prune: [
    ...IDENTITY,
    ...LOOK,
    ...OWNER,
    need('sagemaker:ListInferenceExperiments', 'any'),
    need('sagemaker:DescribeInferenceExperiment', 'any inference experiment', { only: 'there are some' }),
    optional('s3:GetObject', 'objects'),
    need('sagemaker:ListEndpoints', 'any', { only: SOMETHING_TO_GO }),
    need('sagemaker:DescribeEndpoint', 'any endpoint', { only: SOMETHING_TO_GO }),
    need('sagemaker:DeleteEndpointConfig', 'our configs', { only: SOMETHING_TO_GO }),
    need('sagemaker:DeleteModel', 'our models', { only: SOMETHING_TO_GO }),
    need('s3:DeleteObject', 'objects', { only: SOMETHING_TO_GO }),
  ],
  cleanup: [
    ...IDENTITY,
    ...LOOK,
    ...OWNER,
    ...EXPERIMENTS,
    ...INVENTORY,
    ...byTag('--by-tag'),
    optional('sagemaker:ListTransformJobs', 'any', '--batch, --by-tag'),
    need('sagemaker:ListEndpoints', 'any', { only: '--by-tag, --batch' }),
    need('sagemaker:DescribeEndpoint', 'any endpoint', { only: '--by-tag, --batch' }),
    need('sagemaker:DeleteModel', 'any model', { only: '--batch' }),
    need('sagemaker:ListTags', 'any model and transform job', { only: '--batch' }),
    need('sagemaker:DescribeTransformJob', 'any transform job', { only: '--batch, a job has not ended or --by-tag' }),
    need('sagemaker:StopTransformJob', 'any transform job', { only: '--batch, a job has not ended' }),
    ...only(ENDS_SHADOW, [...STANDING, need('sagemaker:UpdateEndpoint', 'endpoint and any config')]),
    need('sagemaker:CreateEndpointConfig', 'our configs', { only: `${ENDS_SHADOW}, and ${MADE_ANEW}` }),
    need('sagemaker:AddTags', 'our endpoint, configs and models', { only: `${ENDS_SHADOW}, and ${MADE_ANEW}` }),
    need('sagemaker:DeleteEndpoint', 'endpoint'),
    need('sagemaker:DeleteEndpointConfig', 'our configs'),
    need('sagemaker:DeleteModel', 'our models'),
    need('cloudwatch:DeleteAlarms', 'our alarms'),
    need('s3:DeleteObject', 'objects'),
    need('s3:DeleteBucket', 'bucket'),
    need('logs:DeleteLogGroup', 'log group'),
    need('glue:DeleteDatabase', 'glue database', { only: ATHENA_USED }),
    need('glue:DeleteTable', 'glue tables', { only: ATHENA_USED }),
    need('athena:StopQueryExecution', 'athena workgroup', { only: ATHENA_USED }),
    need('application-autoscaling:DeregisterScalableTarget', 'scalable targets', {
      only: 'the endpoint scales automatically',
    }),
  ],
} as const satisfies Record<string, readonly Need[]>;

/** A command that calls AWS. */
export type PermittedCommand = keyof typeof NEEDS;

export const COMMANDS_WITH_NEEDS = Object.keys(NEEDS) as PermittedCommand[];

/** What the role that models run with needs (SageMaker Developer Guide, "SageMaker AI roles", "CreateModel API"). */
export const EXECUTION_ROLE: readonly Need[] = [
  need('s3:GetObject', 'objects', { only: 'the artifact' }),
  need('s3:PutObject', 'objects', {
    only: 'captures: where it is missing, the endpoint works and captures are simply absent',
  }),
  need('cloudwatch:DescribeAlarms', 'any', {
    only: 'alarms that roll back: SageMaker reads them with the execution role, not with yours',
  }),
  need('ecr:GetAuthorizationToken', 'any', { only: 'the image' }),
  need('ecr:BatchCheckLayerAvailability', 'any', { only: 'the image' }),
  need('ecr:BatchGetImage', 'any', { only: 'the image' }),
  need('ecr:GetDownloadUrlForLayer', 'any', { only: 'the image' }),
  need('cloudwatch:PutMetricData', 'any', { only: 'metrics' }),
  need('logs:CreateLogGroup', 'log group', { only: 'logs' }),
  need('logs:CreateLogStream', 'log group', { only: 'logs' }),
  need('logs:PutLogEvents', 'log group', { only: 'logs' }),
  need('logs:DescribeLogStreams', 'log group', { only: 'logs' }),
  need('s3:ListBucket', 'bucket', { only: 'a batch: its inputs' }),
  need('s3:AbortMultipartUpload', 'objects', { only: 'a batch: its outputs' }),
  need('logs:CreateLogGroup', 'transform log group', { only: 'a batch: logs' }),
  need('logs:CreateLogStream', 'transform log group', { only: 'a batch: logs' }),
  need('logs:PutLogEvents', 'transform log group', { only: 'a batch: logs' }),
  need('logs:DescribeLogStreams', 'transform log group', { only: 'a batch: logs' }),
];
