import type { DescribeRuleResponse, ListRulesResponse, PutRuleCommandInput, Tag } from '@aws-sdk/client-eventbridge';
import { readPattern, type Pattern, PatternError } from '../../world/rules/pattern.ts';
import { ruleArn, ruleKey, type RuleRecord, rulesOf } from '../../world/rules/records.ts';
import { AwsError } from '../../model/aws-error.ts';
import type { Context } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { invalidPattern, notBuilt, ruleNotFound, validationError } from './errors.ts';
import { tagsOf, tagsWithout } from '../tags.ts';

type Named = { Name?: string | undefined; EventBusName?: string | undefined };

export const ruleOperations = {
  PutRule(context: Context, input: PutRuleCommandInput) {
    checkBus(input.EventBusName);
    const { account, region, world } = context;
    const name = input.Name ?? '';
    if (input.ScheduleExpression !== undefined)
      throw notBuilt('rules on a schedule: EventBridge Scheduler has schedules');
    if (input.EventPattern === undefined)
      throw validationError('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    patternOf(input.EventPattern);
    const key = ruleKey({ account, region, name });
    const known = rulesOf(world.store).get(key);
    const record: RuleRecord = {
      account,
      region,
      name,
      arn: ruleArn(context, name),
      pattern: input.EventPattern,
      state: input.State ?? 'ENABLED',
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.RoleArn !== undefined && { roleArn: input.RoleArn }),
      // "When you update an existing rule with PutRule … tags are not updated" (API_PutRule).
      tags: known?.tags ?? tagsOf(input.Tags),
      targets: known?.targets ?? [],
    };
    rulesOf(world.store).set(key, record);
    return { RuleArn: record.arn };
  },

  DeleteRule(context: Context, input: Named) {
    checkBus(input.EventBusName);
    const key = ruleKey({ ...context, name: input.Name ?? '' });
    const record = rulesOf(context.world.store).get(key);
    if (record !== undefined && record.targets.length > 0)
      throw validationError("Rule can't be deleted since it has targets.");
    rulesOf(context.world.store).delete(key);
    return {};
  },

  DescribeRule(context: Context, input: Named): DescribeRuleResponse {
    return { ...view(ruleNamed(context, input)), CreatedBy: context.account };
  },

  ListRules(
    context: Context,
    input: { NamePrefix?: string; EventBusName?: string; NextToken?: string; Limit?: number },
  ): ListRulesResponse {
    checkBus(input.EventBusName);
    const { account, region, world } = context;
    const { items, next } = pageAfter(rulesOf(world.store).entries(`${account}/${region}/${input.NamePrefix ?? ''}`), {
      keyOf: ([key]) => key,
      size: input.Limit ?? 100,
      token: input.NextToken,
      invalidToken: () => validationError('Token is invalid.'),
    });
    return { Rules: items.map(([, rule]) => view(rule)), ...(next !== undefined && { NextToken: next }) };
  },

  EnableRule(context: Context, input: Named) {
    keep(context, { ...ruleNamed(context, input), state: 'ENABLED' });
    return {};
  },

  DisableRule(context: Context, input: Named) {
    keep(context, { ...ruleNamed(context, input), state: 'DISABLED' });
    return {};
  },

  TagResource(context: Context, input: { ResourceARN?: string; Tags?: Tag[] }) {
    const rule = ruleOfArn(context, input.ResourceARN);
    keep(context, { ...rule, tags: { ...rule.tags, ...tagsOf(input.Tags) } });
    return {};
  },

  UntagResource(context: Context, input: { ResourceARN?: string; TagKeys?: string[] }) {
    const rule = ruleOfArn(context, input.ResourceARN);
    keep(context, { ...rule, tags: tagsWithout(rule.tags, input.TagKeys) });
    return {};
  },

  ListTagsForResource(context: Context, input: { ResourceARN?: string }) {
    const { tags } = ruleOfArn(context, input.ResourceARN);
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },

  TestEventPattern(_context: Context, input: { EventPattern?: string; Event?: string }) {
    let event: unknown;
    try {
      event = JSON.parse(input.Event ?? '');
    } catch {
      throw validationError('Parameter Event is not valid. Reason: it is not JSON.');
    }
    return { Result: patternOf(input.EventPattern ?? '')(event) };
  },
};

/** A rule by its name. @throws the refusal of EventBridge where there is none */
export function ruleNamed(context: Context, input: Named): RuleRecord {
  checkBus(input.EventBusName);
  const name = input.Name ?? '';
  const record = rulesOf(context.world.store).get(ruleKey({ ...context, name }));
  if (record === undefined) throw ruleNotFound(name);
  return record;
}

/** Writes a rule to the store. */
export function keep(context: Context, record: RuleRecord): void {
  rulesOf(context.world.store).set(ruleKey(record), record);
}

/** There is the default bus, by its name or its ARN. */
export function checkBus(name: string | undefined): void {
  if (name === undefined || name === 'default' || name.endsWith(':event-bus/default')) return;
  throw notBuilt(`event buses other than the default one (${name})`);
}

function ruleOfArn(context: Context, arn = ''): RuleRecord {
  const name = /:rule\/(?:default\/)?([^/]+)$/.exec(arn)?.[1];
  if (name === undefined) throw new AwsError('ResourceNotFoundException', `${arn} does not exist.`);
  return ruleNamed(context, { Name: name });
}

function patternOf(text: string): Pattern {
  try {
    return readPattern(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    if (error.unbuilt) throw new AwsError('NotImplemented', error.message, { status: 501 });
    throw invalidPattern(error.message);
  }
}

function view(rule: RuleRecord) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.pattern,
    State: rule.state,
    ...(rule.description !== undefined && { Description: rule.description }),
    ...(rule.roleArn !== undefined && { RoleArn: rule.roleArn }),
    EventBusName: 'default',
  };
}
