import type { ServiceId } from '../model/shapes.ts';

/**
 * What is missing of operations that are built, in words for the user; `conformance.ts` calls them `partly`. "Refused"
 * means by name, with NotImplemented or AWS's own refusal; "no effect" means taken and, where AWS shows it, shown again.
 */
export const MISSING: Partial<Record<ServiceId, Readonly<Record<string, string>>>> = {
  sagemaker: {
    CreateModel:
      'Refused: model packages without a group, Mode MultiModel, uncompressed artifacts. Not looked up: subnets; whether role and image were ever made: they must only not have been deleted.',
    CreateModelPackage:
      'Refused: packages without a group (ModelPackageName), SourceAlgorithmSpecification, SourceUri, ValidationSpecification, several containers. A package is Completed at once.',
    UpdateModelPackage: 'Refused: changes of the inference specification, of SourceUri and of the model card.',
    CreateInferenceExperiment:
      'On an endpoint that exists. Without DataStorageConfig the endpoint captures what it did before.',
    StopInferenceExperiment: 'Refused: an end with two production variants (Retain and Promote).',
    CreateTransformJob:
      'Refused: SplitType TFRecord, MaxPayloadInMB 0 for built-in algorithms. No effect: KMS keys, TransformAmiVersion, ExperimentConfig. Words that no source has are ours: of the rules of data processing, of what a role may not read or write.',
    CreateEndpointConfig:
      'Refused: AsyncInferenceConfig, ServerlessConfig, ExplainerConfig, InstancePools, variants without ModelName (inference components).',
  },
  'sagemaker-runtime': {
    InvokeEndpoint:
      'Refused, as on an endpoint without them: TargetModel, InferenceComponentName. No effect: SessionId, EnableExplanations.',
  },
  cloudwatch: {
    DescribeAlarms: 'There are no composite alarms and no log alarms.',
    GetMetricData:
      'Refused: Metrics Insights (SELECT …), SEARCH, ANOMALY_DETECTION_BAND, INSIGHT_RULE_METRIC, SERVICE_QUOTA, DB_PERF_INSIGHTS, LAMBDA.',
    PutMetricAlarm: 'Refused: anomaly detection, PromQL. Of the actions only SNS topics are carried out.',
  },
  logs: {
    CreateLogGroup: 'No effect: KMS key, log class.',
    FilterLogEvents: 'Refused: patterns for space-delimited events ([…]) and regular expressions (%…%).',
    GetQueryResults: 'A query is done a second after it began; before, it gives no rows.',
    StartQuery:
      'Known are fields, display, filter, parse, sort, limit and stats count(); the rest is refused as malformed, with those words. Refused: SQL, PPL, SOURCE.',
  },
  s3: {
    CreateBucket: 'Refused: object lock. There are no ACLs, policies or versions.',
    CreateMultipartUpload: 'As PutObject.',
    CopyObject: 'As PutObject.',
    DeleteObject: 'Refused: conditions on size and time.',
    PutBucketNotificationConfiguration:
      'Kept and shown; of it EventBridge alone is told. Destinations are not looked up.',
    PutObject:
      'Refused: keys of the customer (SSE-C), object lock, grants, appending, classes GLACIER and DEEP_ARCHIVE. No effect: KMS keys, other storage classes.',
  },
  sts: {
    AssumeRole:
      'The trust policy counts of roles that were created here; every other role that was not deleted may be taken. No effect: session policies, tags, MFA.',
  },
  sns: {
    Subscribe: 'Delivers to queues, and to http:// on this machine alone. No effect: filter policies.',
  },
  scheduler: {
    CreateSchedule:
      'Targets: functions, and arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint; at(…) in UTC and rate(…), in the group default. Refused: other targets, cron, times that have passed, other time zones, StartDate and EndDate, groups, flexible windows, KMS keys. What came due while no emulator ran is called once.',
    UpdateSchedule: 'As CreateSchedule.',
  },
  events: {
    PutEvents: 'On the default bus.',
    PutRule:
      'On the default bus, by a pattern: values, prefix, suffix, equals-ignore-case, exists, anything-but, numeric. Refused: wildcard, cidr, $or, schedules, other buses.',
    PutTargets:
      'Functions, queues, topics. Refused: other targets, paths other than $.name.name[0]. Not tried again: here a target fails for good or not at all.',
    TestEventPattern: 'Patterns as in PutRule.',
  },
  cloudformation: {
    CreateChangeSet: 'Refused: imports, nested stacks. As CreateStack.',
    CreateStack:
      'Resources, one after the other: AWS::CloudWatch::Alarm, AWS::Events::Rule, AWS::IAM::Role, AWS::Lambda::EventInvokeConfig, AWS::Lambda::Function, AWS::Lambda::Permission, AWS::Lambda::Url, AWS::Logs::LogGroup, AWS::S3::Bucket, AWS::SNS::Subscription, AWS::SNS::Topic, AWS::SQS::Queue, AWS::SQS::QueuePolicy, AWS::Scheduler::Schedule. Intrinsics: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::If and conditions. Refused by name: other types, properties, intrinsics, sections (Mappings, Transform, Rules), parameters of SSM and EC2, exports, rollback triggers, stack policies, RetainExceptOnCreate of requests. No effect: NotificationARNs, TimeoutInMinutes. Tags aws:cloudformation:… are not set.',
    DescribeChangeSet: 'No Details of changes.',
    GetTemplate: 'Refused: of change sets.',
    DeleteStack: 'Refused: FORCE_DELETE_STACK.',
    ExecuteChangeSet: 'Refused: RetainExceptOnCreate.',
    UpdateStack: 'As CreateStack. Changed tags reach functions and buckets alone.',
  },
  sqs: {
    CreateQueue: 'Refused: FIFO. No effect: encryption.',
    SendMessage: 'Refused: message groups, system attributes. Policies of queues count where a service sends.',
  },
  iam: {
    AttachRolePolicy:
      'Of managed policies it knows service-role/AWSLambdaBasicExecutionRole alone; others are refused.',
    CreateRole: 'No effect: boundary.',
    PutRolePolicy: 'A policy that says what the emulator cannot evaluate is refused by name.',
    SimulatePrincipalPolicy: 'By the policies of --iam and those of roles. Refused: policies in the request.',
    GetRole: 'Every role is taken to exist that was not deleted, under the path that a model names it by.',
  },
  ecr: {
    BatchGetImage:
      'Every image is taken to exist that was not deleted, under a digest made of its name; of those that nobody pushed the manifest is empty.',
    PutImage: 'A manifest is taken as it comes: there are no layers, and tags can always be moved.',
    DeleteRepository: 'Also where there are images in it.',
  },
  lambda: {
    AddPermission: 'Refused: EventSourceToken, RevisionId.',
    CreateFunction:
      'Node (nodejs18.x to 24.x) from a zip, run by the Node of the emulator in a process of its own. Refused: other runtimes, images, layers, VPCs, file systems, SnapStart, versions, logs in JSON, code signing. No effect: KMS keys, tracing, ephemeral storage, architecture.',
    CreateFunctionUrlConfig: 'Refused: RESPONSE_STREAM, CORS.',
    GetFunction: 'There is no Code.Location.',
    Invoke: 'Refused: ClientContext, durable functions, tenants. The memory bounds the heap alone.',
    RemovePermission: 'Refused: RevisionId.',
    PutFunctionEventInvokeConfig: 'Destinations are queues of SQS and topics of SNS; others are refused.',
    UpdateFunctionCode: 'As CreateFunction.',
    UpdateFunctionConfiguration: 'As CreateFunction.',
    UpdateFunctionEventInvokeConfig: 'As PutFunctionEventInvokeConfig.',
    UpdateFunctionUrlConfig: 'As CreateFunctionUrlConfig.',
  },
  pricing: {
    GetProducts:
      'Of AmazonSageMaker alone, and of it the instance types whose price the emulator was given (`--price`, in-process `prices`): each for hosting, and for training at another price.',
  },
  'application-autoscaling': {
    PutScalingPolicy: 'Kept and described; nothing scales by it, and it makes no alarms.',
  },
  athena: {
    CreateWorkGroup:
      'Refused: managed query results, encryption by KMS, ACLs, Spark, IAM Identity Center, S3 Access Grants. No effect: PublishCloudWatchMetricsEnabled, RequesterPaysEnabled.',
    GetQueryExecution: 'Without QueryPlanningTimeInMillis and ServiceProcessingTimeInMillis.',
    GetQueryResults: 'The file .metadata beside a result is JSON.',
    StartQueryExecution:
      'SELECT, and UNLOAD to PARQUET without partitions; other statements fail, by name. Functions, types and SerDes that are not built fail, by name. Types are checked less strictly than Athena does. No effect: ResultReuseConfiguration. Refused: data catalogs other than AwsDataCatalog, CSE_KMS, ACLs. Whether a KMS key lets the caller use it is not asked.',
    UpdateWorkGroup: 'As CreateWorkGroup.',
  },
  glue: {
    CreateDatabase: 'Refused: links to databases, catalogs of other accounts.',
    CreateTable: 'Refused: Iceberg, links to tables, partition indexes. A type that is none is found by a query.',
    DeleteColumnStatisticsForTable: 'As GetColumnStatisticsForTable.',
    GetColumnStatisticsForTable: 'None: statistics are not kept.',
    GetPartitions: 'None: partitions come from projection alone.',
    GetTags: 'Of databases.',
    TagResource: 'Of databases.',
    UntagResource: 'Of databases.',
    UpdateTable: 'Refused: another name. Only the newest version is kept.',
  },
};
