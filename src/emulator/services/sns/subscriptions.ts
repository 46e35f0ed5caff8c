import type { SubscribeCommandInput } from '@aws-sdk/client-sns';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { subscriptions, topicArn, topicKey } from '../../world/topics/records.ts';
import { invalidParameter, notAuthorized } from './errors.ts';
import { PAGE, parseArn, topicOf } from './topics.ts';

const PROTOCOLS = ['http', 'https', 'email', 'email-json', 'sms', 'sqs', 'application', 'lambda', 'firehose'];
/** Of these SNS asks the owner of the endpoint first. */
const ASKED_FIRST = ['email', 'email-json'];

export const subscriptionOperations = {
  /**
   * Only endpoints `http://127.0.0.1…` and `http://localhost…` are delivered to, and they are confirmed at once: nobody
   * outside this machine is ever called. The others are kept and listed.
   */
  Subscribe(context, input: SubscribeCommandInput) {
    const topic = topicOf(context, input.TopicArn);
    const { Protocol: protocol = '', Endpoint: endpoint = '' } = input;
    if (!PROTOCOLS.includes(protocol)) throw invalidParameter('Amazon SNS does not support this protocol string');
    if (endpoint === '') throw invalidParameter('Endpoint');
    if (protocol.startsWith('http')) checkUrl(protocol, endpoint);
    const { store, random } = context.world;
    const prefix = `${topicKey(topic)}/`;
    const present = subscriptions(store)
      .entries(prefix)
      .find(([, one]) => one.protocol === protocol && one.endpoint === endpoint);
    const id = present?.[0].slice(prefix.length) ?? random.uuid();
    const confirmed = !ASKED_FIRST.includes(protocol);
    if (present === undefined)
      subscriptions(store).set(prefix + id, { protocol, endpoint, confirmed, attributes: input.Attributes ?? {} });
    const arn = `${topicArn(topic)}:${id}`;
    return { SubscriptionArn: confirmed || input.ReturnSubscriptionArn ? arn : 'pending confirmation' };
  },

  /** Unsubscribing what does not exist succeeds. */
  Unsubscribe(context, input: { SubscriptionArn?: string }) {
    const { id, ...topic } = parseArn(input.SubscriptionArn, 'SubscriptionArn');
    if (id === undefined) throw invalidParameter('SubscriptionArn Reason: An ARN must have at least 7 elements');
    if (topic.account !== context.account) {
      throw notAuthorized();
    }
    subscriptions(context.world.store).delete(`${topicKey(topic)}/${id}`);
    return {};
  },

  ListSubscriptionsByTopic(context: Context, input: { TopicArn?: string; NextToken?: string }) {
    const topic = topicOf(context, input.TopicArn);
    const prefix = `${topicKey(topic)}/`;
    const { items, next } = pageAfter(subscriptions(context.world.store).entries(prefix), {
      keyOf: ([key]) => key,
      size: PAGE,
      token: input.NextToken,
      invalidToken: () => invalidParameter('NextToken'),
    });
    return {
      Subscriptions: items.map(([key, one]) => ({
        SubscriptionArn: one.confirmed ? `${topicArn(topic)}:${key.slice(prefix.length)}` : 'PendingConfirmation',
        Owner: topic.account,
        Protocol: one.protocol,
        Endpoint: one.endpoint,
        TopicArn: input.TopicArn,
      })),
      NextToken: next,
    };
  },
} satisfies Operations;

function checkUrl(protocol: string, endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== `${protocol}:`) throw invalidParameter('Endpoint must match the specified protocol');
  if (protocol === 'http' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) return;
  throw invalidParameter(
    `Endpoint Reason: the emulator delivers to http://127.0.0.1 and http://localhost only, not to ${endpoint}`,
  );
}
