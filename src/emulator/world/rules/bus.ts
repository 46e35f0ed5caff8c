import { resourceAllows } from '../../iam/resource-policy.ts';
import { seededRandom, type Random } from '../random.ts';
import { sendAsService, type Undelivered } from '../deliver.ts';
import { functionOfArn } from '../functions/records.ts';
import type { World } from '../world.ts';
import { inputOf } from './input.ts';
import { readPattern, type Pattern } from './pattern.ts';
import { type Bus, type BusEvent, deliveriesOf, type Delivery, rulesOf } from './records.ts';

const SERVICE = 'events.amazonaws.com';

/**
 * The event buses of a world. An event finds its rules when it is put, and its targets a moment later. The targets here
 * fail for good or not at all (they are gone, or do not let EventBridge in), and AWS does not try such again: the event
 * goes to the target's dead-letter queue, or is dropped (EventBridge User Guide, "How EventBridge retries delivering
 * events", "Using dead-letter queues").
 */
export function createBus(world: () => World, seed: number): Bus {
  // A stream of its own: rules must not change what the rest of the run draws.
  const random: Random = seededRandom(seed ^ 0x1b873593);
  const patterns = new Map<string, Pattern>();
  const patternOf = (text: string) => {
    const known = patterns.get(text) ?? readPattern(text);
    patterns.set(text, known);
    return known;
  };
  let next: number | undefined;
  let counted = false;
  const table = () => deliveriesOf(world().store);
  const earliest = () => {
    if (!counted) {
      counted = true;
      next = undefined;
      for (const [, { dueAt }] of table().entries()) if (next === undefined || dueAt < next) next = dueAt;
    }
    return next;
  };
  return {
    put({ account, region }, given, at) {
      const { store, latencies, switches } = world();
      const id = random.uuid();
      const time = `${new Date(given.time ?? at).toISOString().slice(0, 19)}Z`;
      const event: BusEvent = {
        version: '0',
        id,
        'detail-type': given['detail-type'],
        source: given.source,
        account,
        time,
        region,
        resources: given.resources,
        detail: given.detail,
      };
      for (const [, rule] of rulesOf(store).entries(`${account}/${region}/`)) {
        if (rule.state === 'DISABLED' || !patternOf(rule.pattern)(event)) continue;
        count(world(), rule, 'MatchedEvents', at);
        for (const target of rule.targets) {
          const dueAt = at + latencies.deliverEvent;
          const delivery: Delivery = { ruleArn: rule.arn, ruleName: rule.name, target, event, dueAt };
          for (let times = switches.repeatEvents ? 2 : 1; times > 0; times -= 1)
            table().set(`${String(dueAt).padStart(16, '0')}/${random.uuid()}`, delivery);
          counted = false;
        }
      }
      return id;
    },
    next: earliest,
    async run(at) {
      for (const [key, delivery] of table().entries()) {
        if (delivery.dueAt > at) continue;
        table().delete(key);
        counted = false;
        deliver(world(), delivery, at);
      }
    },
  };
}

function deliver(world: World, { ruleArn, ruleName, target, event, dueAt }: Delivery, at: number): void {
  const rule = { account: event.account, region: event.region, name: ruleName };
  const failure = send(world, ruleArn, target, event, at);
  count(world, rule, 'Invocations', dueAt);
  if (failure === undefined) return;
  count(world, rule, 'FailedInvocations', dueAt);
  if (target.deadLetterArn === undefined) return;
  const attributes = {
    RULE_ARN: text(ruleArn),
    TARGET_ARN: text(target.arn),
    ERROR_CODE: text(failure.code),
    ERROR_MESSAGE: text(failure.message),
  };
  const lost = sendAsService(world, SERVICE, ruleArn, target.deadLetterArn, JSON.stringify(event), attributes);
  count(world, rule, lost === undefined ? 'InvocationsSentToDlq' : 'InvocationsFailedToBeSentToDlq', dueAt);
}

function text(value: string) {
  return { DataType: 'String', StringValue: value };
}

/** @returns why it could not be sent */
function send(
  world: World,
  ruleArn: string,
  target: Delivery['target'],
  event: BusEvent,
  at: number,
): Undelivered | undefined {
  const payload = inputOf(target, event, ruleArn);
  if (target.arn.split(':')[2] === 'lambda') {
    const record = functionOfArn(world.store, target.arn);
    if (record === undefined) return { code: 'NO_RESOURCE', message: `There is no ${target.arn}.` };
    const keys = { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': event.account };
    const question = { principal: SERVICE, action: 'lambda:InvokeFunction', resource: record.arn, keys };
    if (!resourceAllows(record.policy, question))
      return { code: 'NO_PERMISSIONS', message: `The policy of ${record.arn} does not let ${SERVICE} in.` };
    world.functionEvents.add(record, payload, at);
    return undefined;
  }
  return sendAsService(world, SERVICE, ruleArn, target.arn, payload);
}

function count(
  world: World,
  { account, region, name }: { account: string; region: string; name: string },
  metric: string,
  at: number,
): void {
  const dimensions = [{ Name: 'RuleName', Value: name }];
  world.metrics.record(
    { account, region, namespace: 'AWS/Events', name: metric, dimensions },
    { at, value: 1, unit: 'Count' },
  );
}
