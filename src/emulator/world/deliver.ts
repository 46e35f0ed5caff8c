import { roleDenial } from './callers.ts';
import { resourceAllows, statementsOf } from '../iam/resource-policy.ts';
import { enqueue, mayServiceSend, queueOfArn } from './queues/queues.ts';
import { publish } from './topics/publish.ts';
import { topicKey, topics } from './topics/records.ts';
import type { Platform } from './world.ts';

// What services of AWS send to queues and topics by themselves: as the role that they act with, or by their own name.

/** Attributes of a message that are text or numbers. */
export type SentAttributes = Record<string, { DataType: string; StringValue: string }>;

/** Why something could not be sent, in the codes of dead-letter queues. */
export interface Undelivered {
  code: 'NO_PERMISSIONS' | 'NO_RESOURCE';
  message: string;
}

/**
 * Sends a text to a queue or a topic with the rights of a role.
 * @returns why it could not be sent; undefined where it was
 */
export function sendAsRole(
  world: Platform,
  roleArn: string,
  target: string,
  body: string,
  attributes: SentAttributes,
): Undelivered | undefined {
  const action = target.split(':')[2] === 'sns' ? 'sns:Publish' : 'sqs:SendMessage';
  if (world.iam.enforced() && roleDenial(world.iam, roleArn, { action, resource: target }) !== undefined)
    return { code: 'NO_PERMISSIONS', message: `${roleArn} may not ${action} on ${target}.` };
  return send(world, target, body, attributes, roleArn);
}

/**
 * Sends a text to a queue or a topic as a service, which the policy of the target must let in.
 * @returns why it could not be sent; undefined where it was
 */
export function sendAsService(
  world: Platform,
  principal: string,
  sourceArn: string,
  target: string,
  body: string,
  attributes: SentAttributes = {},
): Undelivered | undefined {
  const queue = queueOfArn(world.store, target);
  const closed = { code: 'NO_PERMISSIONS', message: `The policy of ${target} does not let ${principal} in.` } as const;
  if (queue !== undefined && !mayServiceSend(queue, principal, sourceArn)) return closed;
  const topic = topicOfArn(target);
  if (topic !== undefined) {
    const record = topics(world.store).get(topicKey(topic));
    const allowed = resourceAllows(statementsOf(record?.attributes.Policy), {
      principal,
      action: 'sns:Publish',
      resource: target,
      keys: { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': sourceArn.split(':')[4] || topic.account },
    });
    if (record !== undefined && !allowed) return closed;
  }
  return send(world, target, body, attributes, principal);
}

function send(
  world: Platform,
  target: string,
  body: string,
  attributes: SentAttributes,
  sender: string,
): Undelivered | undefined {
  const queue = queueOfArn(world.store, target);
  if (queue !== undefined) {
    enqueue(world, queue, { body, attributes, sender }, world.clock.now());
    return undefined;
  }
  const topic = topicOfArn(target);
  if (topic === undefined || topics(world.store).get(topicKey(topic)) === undefined)
    return { code: 'NO_RESOURCE', message: `There is no ${target}.` };
  const published = Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
    name,
    { Type: DataType, Value: StringValue },
  ]);
  publish(world, topic, { subject: undefined, bodies: { default: body }, attributes: Object.fromEntries(published) });
  return undefined;
}

function topicOfArn(arn: string): { account: string; region: string; name: string } | undefined {
  const [, , service, region = '', account = '', name = ''] = arn.split(':');
  return service === 'sns' ? { account, region, name } : undefined;
}
