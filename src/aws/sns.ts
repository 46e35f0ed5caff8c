import { CreateTopicCommand, ListSubscriptionsByTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/** SNS takes a subject of at most 100 printable ASCII characters. */
const MAX_SUBJECT = 100;

/** Publishes a message to a topic of this region. */
export async function publish(
  aws: Aws,
  topic: string,
  message: { subject: string; text: string },
  signal?: AbortSignal,
): Promise<void> {
  const client = await aws.sns();
  const Subject = message.subject
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, MAX_SUBJECT);
  await call(aws.target, `publish to ${topic}`, () =>
    client.send(
      new PublishCommand({ TopicArn: topic, Subject: Subject === '' ? 'shadowctl' : Subject, Message: message.text }),
      { abortSignal: signal },
    ),
  );
}

/** Creates a topic, or finds the one of that name; gives its ARN. */
export async function createTopic(aws: Aws, name: string): Promise<string> {
  const client = await aws.sns();
  const { TopicArn = '' } = await call(aws.target, `create topic ${name}`, () =>
    client.send(new CreateTopicCommand({ Name: name })),
  );
  return TopicArn;
}

/**
 * How many subscriptions of a topic are confirmed, and how many wait for it. SNS takes a message for a topic that has
 * none, and says nothing.
 */
export async function subscribersOf(
  aws: Aws,
  topic: string,
  signal?: AbortSignal,
): Promise<{ confirmed: number; pending: number }> {
  const client = await aws.sns();
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `list the subscriptions of ${topic}`,
      () => client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic, NextToken }), { abortSignal: signal }),
      `sns:ListSubscriptionsByTopic on ${topic}`,
    );
  const found = { confirmed: 0, pending: 0 };
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { SubscriptionArn } of page.Subscriptions ?? [])
      found[SubscriptionArn === 'PendingConfirmation' ? 'pending' : 'confirmed'] += 1;
  return found;
}
