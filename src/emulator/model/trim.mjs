// Cuts AWS's own API descriptions down to the operations the emulator builds, without their prose.
//
//   node src/emulator/model/trim.mjs <botocore/data>
//
// The descriptions are botocore's `service-2.json` (Apache-2.0). Every operation keeps its name, so that what is
// known to AWS but not built can be refused by name; only those listed below keep their shapes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BUILT = {
  sagemaker: [
    'AddTags',
    'CreateEndpoint',
    'CreateEndpointConfig',
    'CreateInferenceExperiment',
    'CreateModel',
    'CreateModelPackage',
    'CreateModelPackageGroup',
    'CreateTransformJob',
    'DeleteEndpoint',
    'DeleteEndpointConfig',
    'DeleteInferenceExperiment',
    'DeleteModel',
    'DeleteModelPackage',
    'DeleteModelPackageGroup',
    'DeleteTags',
    'DescribeEndpoint',
    'DescribeEndpointConfig',
    'DescribeInferenceExperiment',
    'DescribeModel',
    'DescribeModelPackage',
    'DescribeModelPackageGroup',
    'DescribeTransformJob',
    'ListEndpointConfigs',
    'ListEndpoints',
    'ListInferenceExperiments',
    'ListModelPackages',
    'ListModels',
    'ListTags',
    'ListTransformJobs',
    'StartInferenceExperiment',
    'StopInferenceExperiment',
    'StopTransformJob',
    'UpdateEndpoint',
    'UpdateEndpointWeightsAndCapacities',
    'UpdateInferenceExperiment',
    'UpdateModelPackage',
  ],
  'sagemaker-runtime': ['InvokeEndpoint'],
  cloudwatch: [
    'DeleteAlarms',
    'DescribeAlarmHistory',
    'DescribeAlarms',
    'DescribeAlarmsForMetric',
    'DisableAlarmActions',
    'EnableAlarmActions',
    'GetMetricData',
    'GetMetricStatistics',
    'ListMetrics',
    'ListTagsForResource',
    'PutMetricAlarm',
    'PutMetricData',
    'SetAlarmState',
    'TagResource',
    'UntagResource',
  ],
  logs: [
    'CreateLogGroup',
    'CreateLogStream',
    'DeleteLogGroup',
    'DeleteLogStream',
    'DeleteRetentionPolicy',
    'DescribeLogGroups',
    'DescribeLogStreams',
    'FilterLogEvents',
    'GetLogEvents',
    'GetQueryResults',
    'ListTagsForResource',
    'PutLogEvents',
    'PutRetentionPolicy',
    'StartQuery',
    'StopQuery',
    'TagResource',
    'UntagResource',
  ],
  s3: [
    'AbortMultipartUpload',
    'CompleteMultipartUpload',
    'CopyObject',
    'CreateBucket',
    'CreateMultipartUpload',
    'DeleteBucket',
    'DeleteBucketTagging',
    'DeleteObject',
    'DeleteObjectTagging',
    'DeleteObjects',
    'GetBucketLocation',
    'GetBucketNotificationConfiguration',
    'GetBucketTagging',
    'GetBucketVersioning',
    'GetObject',
    'GetObjectAttributes',
    'GetObjectTagging',
    'HeadBucket',
    'HeadObject',
    'ListBuckets',
    'ListMultipartUploads',
    'ListObjects',
    'ListObjectsV2',
    'ListParts',
    'PutBucketNotificationConfiguration',
    'PutBucketTagging',
    'PutObject',
    'PutObjectTagging',
    'UploadPart',
    'UploadPartCopy',
  ],
  sts: ['GetCallerIdentity', 'AssumeRole'],
  sns: [
    'CreateTopic',
    'DeleteTopic',
    'ListTopics',
    'Publish',
    'Subscribe',
    'ListSubscriptionsByTopic',
    'ListTagsForResource',
    'GetTopicAttributes',
    'SetTopicAttributes',
    'TagResource',
    'Unsubscribe',
    'UntagResource',
  ],
  'application-autoscaling': [
    'DeleteScalingPolicy',
    'DeregisterScalableTarget',
    'DescribeScalableTargets',
    'DescribeScalingPolicies',
    'PutScalingPolicy',
    'RegisterScalableTarget',
  ],
  scheduler: ['CreateSchedule', 'DeleteSchedule', 'GetSchedule', 'ListSchedules', 'UpdateSchedule'],
  iam: [
    'AttachRolePolicy',
    'CreateRole',
    'DeleteRole',
    'DeleteRolePolicy',
    'DetachRolePolicy',
    'GetRole',
    'GetRolePolicy',
    'ListAttachedRolePolicies',
    'ListRolePolicies',
    'ListRoleTags',
    'PutRolePolicy',
    'SimulatePrincipalPolicy',
    'TagRole',
    'UntagRole',
    'UpdateAssumeRolePolicy',
    'UpdateRole',
  ],
  lambda: [
    'AddPermission',
    'CreateFunction',
    'CreateFunctionUrlConfig',
    'DeleteFunction',
    'DeleteFunctionConcurrency',
    'DeleteFunctionEventInvokeConfig',
    'DeleteFunctionUrlConfig',
    'GetFunction',
    'GetFunctionConcurrency',
    'GetFunctionConfiguration',
    'GetFunctionEventInvokeConfig',
    'GetFunctionUrlConfig',
    'GetPolicy',
    'Invoke',
    'ListFunctions',
    'ListTags',
    'PutFunctionConcurrency',
    'PutFunctionEventInvokeConfig',
    'RemovePermission',
    'TagResource',
    'UntagResource',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
    'UpdateFunctionEventInvokeConfig',
    'UpdateFunctionUrlConfig',
  ],
  events: [
    'DeleteRule',
    'DescribeRule',
    'DisableRule',
    'EnableRule',
    'ListRules',
    'ListTagsForResource',
    'ListTargetsByRule',
    'PutEvents',
    'PutRule',
    'PutTargets',
    'RemoveTargets',
    'TagResource',
    'TestEventPattern',
    'UntagResource',
  ],
  sqs: [
    'CreateQueue',
    'DeleteMessage',
    'DeleteQueue',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ListQueueTags',
    'ListQueues',
    'PurgeQueue',
    'ReceiveMessage',
    'SendMessage',
    'SetQueueAttributes',
    'TagQueue',
    'UntagQueue',
  ],
  cloudformation: [
    'CreateChangeSet',
    'CreateStack',
    'DeleteChangeSet',
    'DeleteStack',
    'DescribeChangeSet',
    'DescribeStackEvents',
    'DescribeStackResource',
    'DescribeStackResources',
    'DescribeStacks',
    'ExecuteChangeSet',
    'GetTemplate',
    'GetTemplateSummary',
    'ListStackResources',
    'ListStacks',
    'UpdateStack',
    'ValidateTemplate',
  ],
  ecr: ['BatchDeleteImage', 'BatchGetImage', 'DeleteRepository', 'PutImage'],
  pricing: ['GetProducts'],
  athena: [
    'BatchGetQueryExecution',
    'CreateWorkGroup',
    'DeleteWorkGroup',
    'GetQueryExecution',
    'GetQueryResults',
    'GetWorkGroup',
    'ListQueryExecutions',
    'ListTagsForResource',
    'ListWorkGroups',
    'StartQueryExecution',
    'StopQueryExecution',
    'TagResource',
    'UntagResource',
    'UpdateWorkGroup',
  ],
  glue: [
    'CreateDatabase',
    'CreateTable',
    'DeleteColumnStatisticsForTable',
    'DeleteDatabase',
    'DeleteTable',
    'GetColumnStatisticsForTable',
    'GetDatabase',
    'GetDatabases',
    'GetPartitions',
    'GetTable',
    'GetTables',
    'GetTags',
    'TagResource',
    'UntagResource',
    'UpdateTable',
  ],
};

const PROSE = new Set([
  'documentation',
  'documentationUrl',
  'examples',
  'deprecatedMessage',
  'deprecatedSince',
  'endpoint',
  'auth',
  'alias',
  'contextParam',
  'staticContextParams',
  'endpointdiscovery',
  'operationContextParams',
]);
const METADATA = [
  'apiVersion',
  'endpointPrefix',
  'jsonVersion',
  'protocol',
  'protocols',
  'serviceId',
  'signingName',
  'targetPrefix',
  'xmlNamespace',
  'awsQueryCompatible',
];

function withoutProse(value) {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !PROSE.has(key))
      .map(([key, inner]) => [key, withoutProse(inner)]),
  );
}

/** Every shape that `name` leads to, itself included. */
function reach(shapes, name, found) {
  if (found.has(name)) return;
  found.add(name);
  const shape = shapes[name];
  for (const inner of [shape.member, shape.key, shape.value, ...Object.values(shape.members ?? {})]) {
    if (inner?.shape) reach(shapes, inner.shape, found);
  }
}

const data = process.argv[2];
if (!data) throw new Error('usage: node src/emulator/model/trim.mjs <botocore/data>');
for (const [service, built] of Object.entries(BUILT)) {
  const version = readdirSync(join(data, service)).sort().at(-1);
  const full = JSON.parse(gunzipSync(readFileSync(join(data, service, version, 'service-2.json.gz'))));
  const found = new Set();
  const operations = {};
  for (const [name, operation] of Object.entries(full.operations)) {
    if (!built.includes(name)) {
      // The method and path tell a REST operation by name; the others are named in the request.
      operations[name] = full.metadata.protocol.startsWith('rest') ? { http: withoutProse(operation.http) } : {};
      continue;
    }
    const { input, output, errors, http, httpChecksum, requestcompression } = operation;
    operations[name] = withoutProse({ built: true, http, input, output, errors, httpChecksum, requestcompression });
    for (const shape of [input, output, ...(errors ?? [])]) if (shape) reach(full.shapes, shape.shape, found);
  }
  for (const name of built) if (!full.operations[name]) throw new Error(`${service} has no operation ${name}`);
  const shapes = Object.fromEntries([...found].sort().map((name) => [name, withoutProse(full.shapes[name])]));
  const metadata = Object.fromEntries(
    METADATA.filter((key) => key in full.metadata).map((key) => [key, full.metadata[key]]),
  );
  const file = new URL(`./models/${service}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify({ metadata, operations, shapes }, null, 1)}\n`);
}
