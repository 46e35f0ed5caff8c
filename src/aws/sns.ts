import { PublishCommand } from '@aws-sdk/client-sns';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';

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
