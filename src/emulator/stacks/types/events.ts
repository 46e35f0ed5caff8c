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
  text,
  type TypeContext,
} from '../type.ts';

export const rule: ResourceType = {
  named: 'Name',
  required: [],
  properties: [
    'Name',
    'Description',
    'EventBusName',
    'EventPattern',
    'RoleArn',
    'ScheduleExpression',
    'State',
    'Targets',
    'Tags',
  ],
  replacing: ['Name', 'EventBusName'],
  attributes: ['Arn'],
  exists: (context, { Name }) =>
    Name === undefined ? Promise.resolve(false) : found(context.call('events', 'DescribeRule', { Name })),
  async create(context, properties) {
    const Name = text(properties.Name ?? context.name(64));
    const Arn = await putRule(context, Name, properties, []);
    return { physicalId: Name, attributes: { Arn } };
  },
  async update(context, Name, after, before) {
    await putRule(context, Name, after, idsOf(before));
    return { more: false };
  },
  async remove(context, Name, properties) {
    const Ids = idsOf(properties);
    if (Ids.length > 0) await gone(context.call('events', 'RemoveTargets', { Rule: Name, Ids }));
    await gone(context.call('events', 'DeleteRule', { Name }));
  },
};

type RuleTarget = { Id: string } & Record<string, unknown>;

async function putRule(context: TypeContext, Name: string, properties: Properties, before: string[]): Promise<string> {
  const { EventPattern } = properties;
  const { RuleArn } = await context.call('events', 'PutRule', {
    Name,
    ...pick(properties, ['Description', 'EventBusName', 'RoleArn', 'ScheduleExpression', 'State']),
    ...(EventPattern !== undefined && { EventPattern: json(EventPattern) }),
    Tags: orNothing(tagList(context, properties.Tags)),
  });
  context.begun(Name);
  const Ids = before.filter((id) => !idsOf(properties).includes(id));
  if (Ids.length > 0) await context.call('events', 'RemoveTargets', { Rule: Name, Ids });
  const Targets = ((properties.Targets ?? []) as RuleTarget[]).map((target) => {
    const retry = target.RetryPolicy as Properties | undefined;
    return retry === undefined ? target : { ...target, RetryPolicy: numbers(retry) };
  });
  if (Targets.length > 0) await context.call('events', 'PutTargets', { Rule: Name, Targets });
  return text(RuleArn);
}

function idsOf({ Targets }: Properties): string[] {
  return ((Targets ?? []) as RuleTarget[]).map(({ Id }) => Id);
}

function numbers(properties: Properties): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, number(value)]));
}

export const schedule: ResourceType = {
  named: 'Name',
  required: ['FlexibleTimeWindow', 'ScheduleExpression', 'Target'],
  properties: [
    'Name',
    'Description',
    'EndDate',
    'FlexibleTimeWindow',
    'GroupName',
    'KmsKeyArn',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'StartDate',
    'State',
    'Target',
  ],
  replacing: ['Name', 'GroupName'],
  attributes: ['Arn'],
  async create(context, properties) {
    const Name = text(properties.Name ?? context.name(64));
    const { ScheduleArn } = await context.call('scheduler', 'CreateSchedule', scheduleInput(Name, properties));
    return { physicalId: Name, attributes: { Arn: text(ScheduleArn) } };
  },
  async update(context, Name, after) {
    await context.call('scheduler', 'UpdateSchedule', scheduleInput(Name, after));
    return { more: false };
  },
  remove: (context, Name, { GroupName }) =>
    gone(context.call('scheduler', 'DeleteSchedule', { Name, ...(GroupName !== undefined && { GroupName }) })),
};

function scheduleInput(Name: string, properties: Properties): Record<string, unknown> {
  const target = properties.Target as Properties;
  const { RetryPolicy } = target;
  const Target = RetryPolicy === undefined ? target : { ...target, RetryPolicy: numbers(RetryPolicy as Properties) };
  return { ...properties, Name, Target };
}

export const topic: ResourceType = {
  named: 'TopicName',
  required: [],
  properties: [
    'TopicName',
    'DisplayName',
    'KmsMasterKeyId',
    'SignatureVersion',
    'Subscription',
    'Tags',
    'TracingConfig',
  ],
  replacing: ['TopicName'],
  attributes: ['TopicArn', 'TopicName'],
  exists(context, { TopicName }) {
    if (TopicName === undefined) return Promise.resolve(false);
    return found(context.call('sns', 'GetTopicAttributes', { TopicArn: topicArn(context, text(TopicName)) }));
  },
  async create(context, properties) {
    const TopicName = text(properties.TopicName ?? context.name(256));
    const Attributes = pick(properties, ['DisplayName', 'KmsMasterKeyId', 'SignatureVersion', 'TracingConfig']);
    const { TopicArn } = await context.call('sns', 'CreateTopic', {
      Name: TopicName,
      Attributes,
      Tags: orNothing(tagList(context, properties.Tags)),
    });
    context.begun(text(TopicArn));
    await subscribe(context, text(TopicArn), properties, {});
    return { physicalId: text(TopicArn), attributes: { TopicArn: text(TopicArn), TopicName } };
  },
  async update(context, TopicArn, after, before) {
    for (const AttributeName of ['DisplayName', 'KmsMasterKeyId', 'SignatureVersion', 'TracingConfig'])
      if (after[AttributeName] !== before[AttributeName])
        await context.call('sns', 'SetTopicAttributes', {
          TopicArn,
          AttributeName,
          AttributeValue: text(after[AttributeName]),
        });
    await subscribe(context, TopicArn, after, before);
    return { more: false };
  },
  remove: (context, TopicArn) => gone(context.call('sns', 'DeleteTopic', { TopicArn })),
};

function topicArn({ partition, region, account }: TypeContext, name: string): string {
  return `arn:${partition}:sns:${region}:${account}:${name}`;
}

type Subscriber = { Endpoint: string; Protocol: string };

async function subscribe(context: TypeContext, TopicArn: string, after: Properties, before: Properties): Promise<void> {
  const wanted = (after.Subscription ?? []) as Subscriber[];
  const was = (before.Subscription ?? []) as Subscriber[];
  const key = ({ Endpoint, Protocol }: Partial<Subscriber>) => `${Protocol} ${Endpoint}`;
  for (const { Endpoint, Protocol } of wanted) await context.call('sns', 'Subscribe', { TopicArn, Endpoint, Protocol });
  const lost = was.map(key).filter((one) => !wanted.map(key).includes(one));
  if (lost.length === 0) return;
  const { Subscriptions = [] } = (await context.call('sns', 'ListSubscriptionsByTopic', { TopicArn })) as {
    Subscriptions?: (Partial<Subscriber> & { SubscriptionArn?: string })[];
  };
  // One that was never confirmed cannot be taken back: SNS has no name for it.
  for (const one of Subscriptions)
    if (lost.includes(key(one)) && one.SubscriptionArn?.startsWith('arn:') === true)
      await context.call('sns', 'Unsubscribe', { SubscriptionArn: one.SubscriptionArn });
}

const SUBSCRIPTION = [
  'Endpoint',
  'Protocol',
  'TopicArn',
  'RawMessageDelivery',
  'FilterPolicy',
  'FilterPolicyScope',
  'RedrivePolicy',
];

export const subscription: ResourceType = {
  required: ['Protocol', 'TopicArn'],
  properties: SUBSCRIPTION,
  replacing: SUBSCRIPTION,
  attributes: ['Arn'],
  async create(context, { Endpoint, Protocol, TopicArn, ...attributes }) {
    const Attributes = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? json(value) : text(value)]),
    );
    const { SubscriptionArn } = await context.call('sns', 'Subscribe', {
      Endpoint,
      Protocol,
      TopicArn,
      Attributes,
      ReturnSubscriptionArn: true,
    });
    return { physicalId: text(SubscriptionArn), attributes: { Arn: text(SubscriptionArn) } };
  },
  remove: (context, SubscriptionArn) => gone(context.call('sns', 'Unsubscribe', { SubscriptionArn })),
};
