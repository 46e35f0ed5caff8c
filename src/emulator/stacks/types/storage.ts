import {
  orNothing,
  found,
  gone,
  json,
  number,
  pick,
  type Properties,
  type ResourceType,
  tagList,
  tagMap,
  text,
  type TypeContext,
} from '../type.ts';

export const bucket: ResourceType = {
  named: 'BucketName',
  required: [],
  // Buckets here are never public and always encrypted, as on AWS: these are taken, and change nothing.
  properties: [
    'BucketName',
    'Tags',
    'NotificationConfiguration',
    'PublicAccessBlockConfiguration',
    'BucketEncryption',
    'OwnershipControls',
  ],
  replacing: ['BucketName'],
  attributes: ['Arn', 'DomainName', 'RegionalDomainName', 'DualStackDomainName'],
  exists: (context, { BucketName }) =>
    BucketName === undefined ? Promise.resolve(false) : found(context.call('s3', 'HeadBucket', { Bucket: BucketName })),
  async create(context, properties) {
    const Bucket = text(properties.BucketName ?? context.name(63).toLowerCase());
    const { region } = context;
    await context.call('s3', 'CreateBucket', {
      Bucket,
      ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region } }),
    });
    context.begun(Bucket);
    await settle(context, Bucket, properties);
    return {
      physicalId: Bucket,
      attributes: {
        Arn: `arn:${context.partition}:s3:::${Bucket}`,
        DomainName: `${Bucket}.s3.amazonaws.com`,
        RegionalDomainName: `${Bucket}.s3.${region}.amazonaws.com`,
        DualStackDomainName: `${Bucket}.s3.dualstack.${region}.amazonaws.com`,
      },
    };
  },
  async update(context, Bucket, after) {
    await settle(context, Bucket, after);
    return { more: false };
  },
  remove: (context, Bucket) => gone(context.call('s3', 'DeleteBucket', { Bucket })),
};

async function settle(context: TypeContext, Bucket: string, properties: Properties): Promise<void> {
  const TagSet = tagList(context, properties.Tags);
  if (TagSet.length > 0) await context.call('s3', 'PutBucketTagging', { Bucket, Tagging: { TagSet } });
  const { EventBridgeConfiguration } = (properties.NotificationConfiguration ?? {}) as {
    EventBridgeConfiguration?: { EventBridgeEnabled?: unknown };
  };
  const enabled =
    EventBridgeConfiguration !== undefined && text(EventBridgeConfiguration.EventBridgeEnabled ?? true) !== 'false';
  await context.call('s3', 'PutBucketNotificationConfiguration', {
    Bucket,
    NotificationConfiguration: enabled ? { EventBridgeConfiguration: {} } : {},
  });
}

export const logGroup: ResourceType = {
  named: 'LogGroupName',
  required: [],
  properties: ['LogGroupName', 'RetentionInDays', 'Tags', 'KmsKeyId', 'LogGroupClass'],
  replacing: ['LogGroupName', 'LogGroupClass'],
  attributes: ['Arn'],
  async create(context, properties) {
    const logGroupName = text(properties.LogGroupName ?? context.name(512));
    const { KmsKeyId, LogGroupClass } = properties;
    await context.call('logs', 'CreateLogGroup', {
      logGroupName,
      tags: orNothing(tagMap(context, properties.Tags)),
      ...(KmsKeyId !== undefined && { kmsKeyId: KmsKeyId }),
      ...(LogGroupClass !== undefined && { logGroupClass: LogGroupClass }),
    });
    context.begun(logGroupName);
    await retain(context, logGroupName, properties);
    const Arn = `arn:${context.partition}:logs:${context.region}:${context.account}:log-group:${logGroupName}:*`;
    return { physicalId: logGroupName, attributes: { Arn } };
  },
  async update(context, logGroupName, after) {
    await retain(context, logGroupName, after);
    return { more: false };
  },
  remove: (context, logGroupName) => gone(context.call('logs', 'DeleteLogGroup', { logGroupName })),
};

async function retain(context: TypeContext, logGroupName: string, { RetentionInDays }: Properties): Promise<void> {
  if (RetentionInDays === undefined) await context.call('logs', 'DeleteRetentionPolicy', { logGroupName });
  else await context.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: number(RetentionInDays) });
}

const QUEUE_ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'SqsManagedSseEnabled',
];

export const queue: ResourceType = {
  named: 'QueueName',
  required: [],
  properties: [...QUEUE_ATTRIBUTES, 'QueueName', 'Tags'],
  replacing: ['QueueName'],
  attributes: ['Arn', 'QueueName', 'QueueUrl'],
  exists: (context, { QueueName }) =>
    QueueName === undefined ? Promise.resolve(false) : found(context.call('sqs', 'GetQueueUrl', { QueueName })),
  async create(context, properties) {
    const QueueName = text(properties.QueueName ?? context.name(80));
    const { QueueUrl } = await context.call('sqs', 'CreateQueue', {
      QueueName,
      Attributes: attributesOf(properties),
      tags: orNothing(tagMap(context, properties.Tags)),
    });
    const Arn = `arn:${context.partition}:sqs:${context.region}:${context.account}:${QueueName}`;
    return { physicalId: text(QueueUrl), attributes: { Arn, QueueName, QueueUrl: text(QueueUrl) } };
  },
  async update(context, QueueUrl, after) {
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: attributesOf(after) });
    return { more: false };
  },
  remove: (context, QueueUrl) => gone(context.call('sqs', 'DeleteQueue', { QueueUrl })),
};

function attributesOf(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pick(properties, QUEUE_ATTRIBUTES)).map(([name, value]) => [
      name,
      typeof value === 'object' ? json(value) : text(value),
    ]),
  );
}

export const queuePolicy: ResourceType = {
  required: ['PolicyDocument', 'Queues'],
  properties: ['PolicyDocument', 'Queues'],
  replacing: [],
  attributes: ['Id'],
  async create(context, { PolicyDocument, Queues }) {
    await putPolicy(context, Queues, json(PolicyDocument));
    const Id = context.name(100);
    return { physicalId: Id, attributes: { Id } };
  },
  async update(context, _, { PolicyDocument, Queues }, before) {
    await putPolicy(context, Queues, json(PolicyDocument));
    const lost = (before.Queues as string[]).filter((url) => !(Queues as string[]).includes(url));
    await gone(putPolicy(context, lost, ''));
    return { more: false };
  },
  remove: (context, _, { Queues }) => gone(putPolicy(context, Queues, '')),
};

async function putPolicy(context: TypeContext, queues: unknown, policy: string): Promise<void> {
  for (const QueueUrl of queues as string[])
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: policy } });
}
