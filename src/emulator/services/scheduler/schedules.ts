import { type ScheduleRecord, scheduleArn, universalTarget } from '../../world/schedules.ts';
import type { Context } from '../operation.ts';
import { conflict, notBuilt, notFound, validationError } from './errors.ts';

// Refusals in quotes were measured (github.com/badmintoncryer/cdk-preflight, rules/scheduler, CreateSchedule in us-east-1,
// 2026-09-07); the words of the others are not sourced.

/** The one group that always exists; groups of one's own are not built. */
const GROUP = 'default';
/** The APIs that a schedule may call here, as universal targets name them. */
const CALLS = ['sagemaker:deleteEndpoint'];
/** Verbs of APIs that Scheduler calls for nobody (Scheduler User Guide, "Using universal targets"). */
const UNSUPPORTED =
  /^(?:get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|invokeModel)/;
/** Of a retry policy that says nothing: its maxima. */
const MAX_ATTEMPTS = 185;
const MAX_AGE_SECONDS = 86_400;

interface Target {
  Arn?: string;
  RoleArn?: string;
  Input?: string;
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
  DeadLetterConfig?: object;
}

interface CreateInput extends Named {
  ScheduleExpression?: string;
  ScheduleExpressionTimezone?: string;
  FlexibleTimeWindow?: { Mode?: 'OFF' | 'FLEXIBLE'; MaximumWindowInMinutes?: number };
  State?: ScheduleRecord['state'];
  Description?: string;
  ActionAfterCompletion?: ScheduleRecord['after'];
  ClientToken?: string;
  KmsKeyArn?: string;
  Target?: Target;
}

type Named = { GroupName?: string | undefined; Name?: string | undefined };

export const scheduleOperations = {
  CreateSchedule(context: Context, input: CreateInput) {
    const { Name: name = '', GroupName: group = GROUP, FlexibleTimeWindow: window, State: state = 'ENABLED' } = input;
    const { world, account, region } = context;
    requireGroup(group);
    if (window?.Mode === 'FLEXIBLE') throw notBuilt('flexible time windows');
    if (window?.MaximumWindowInMinutes !== undefined)
      throw validationError('MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF');
    const target = targetOf(input.Target);
    if (input.KmsKeyArn !== undefined) throw notBuilt('schedules with a KMS key');
    const dueAt = timeOf(input.ScheduleExpression ?? '', input.ScheduleExpressionTimezone);
    const now = world.clock.now();
    // Whether AWS refuses it or calls at once, no source says.
    if (dueAt < now) throw notBuilt(`schedules for a time that has passed (${input.ScheduleExpression})`);
    const known = world.schedules.get(context, group, name);
    if (known !== undefined) {
      if (known.clientToken !== undefined && known.clientToken === input.ClientToken) return { ScheduleArn: known.arn };
      throw conflict(`Schedule ${name} already exists.`);
    }
    const record: ScheduleRecord = {
      account,
      region,
      group,
      name,
      arn: scheduleArn(context, group, name),
      createdAt: now,
      expression: input.ScheduleExpression ?? '',
      timezone: input.ScheduleExpressionTimezone ?? 'UTC',
      state,
      ...(input.Description !== undefined && { description: input.Description }),
      after: input.ActionAfterCompletion ?? 'NONE',
      target,
      ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
      ...(state === 'ENABLED' && { dueAt }),
      firstDueAt: dueAt,
      attempts: 0,
    };
    world.schedules.keep(record);
    return { ScheduleArn: record.arn };
  },

  GetSchedule(context: Context, input: Named) {
    const record = scheduleNamed(context, input);
    const { arn, roleArn, input: Input, maxAttempts, maxAgeSeconds } = record.target;
    return {
      Arn: record.arn,
      GroupName: record.group,
      Name: record.name,
      ScheduleExpression: record.expression,
      ScheduleExpressionTimezone: record.timezone,
      State: record.state,
      ...(record.description !== undefined && { Description: record.description }),
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: record.after,
      Target: {
        Arn: arn,
        RoleArn: roleArn,
        Input,
        RetryPolicy: { MaximumRetryAttempts: maxAttempts, MaximumEventAgeInSeconds: maxAgeSeconds },
      },
      CreationDate: new Date(record.createdAt),
      LastModificationDate: new Date(record.createdAt),
    };
  },

  DeleteSchedule(context: Context, input: Named): Record<string, never> {
    context.world.schedules.forget(scheduleNamed(context, input));
    return {};
  },
};

function scheduleNamed(context: Context, { GroupName: group = GROUP, Name: name = '' }: Named): ScheduleRecord {
  const record = context.world.schedules.get(context, group, name);
  if (record === undefined) throw notFound(`Schedule ${name} does not exist.`);
  return record;
}

function requireGroup(group: string): void {
  if (group !== GROUP) throw notFound(`Schedule group ${group} does not exist.`);
}

function targetOf(target: Target | undefined): ScheduleRecord['target'] {
  const { Arn: arn = '', RoleArn: roleArn = '', Input: input, RetryPolicy: retry } = target ?? {};
  const [, , service, region, account] = arn.split(':');
  if (service === 'scheduler' && (region !== '' || account !== ''))
    throw validationError('scheduler is not a supported service for a target');
  const call = universalTarget(arn);
  if (call === undefined) throw notBuilt(`the target ${arn}: it calls ${CALLS.join(', ')} alone`);
  if (input === undefined) throw validationError('You must provide an input to set this target for your schedule');
  if (UNSUPPORTED.test(call.action)) throw validationError(`${call.action} API is not supported`);
  if (!CALLS.includes(`${call.service}:${call.action}`))
    throw notBuilt(`schedules that call ${call.service}:${call.action}: they call ${CALLS.join(', ')} alone`);
  if (target?.DeadLetterConfig !== undefined) throw notBuilt('dead-letter queues');
  return {
    arn,
    roleArn,
    input,
    maxAttempts: retry?.MaximumRetryAttempts ?? MAX_ATTEMPTS,
    maxAgeSeconds: retry?.MaximumEventAgeInSeconds ?? MAX_AGE_SECONDS,
  };
}

/** The moment of `at(yyyy-mm-ddThh:mm[:ss])`: no zone, no fraction; the keyword in any case. */
function timeOf(expression: string, timezone = 'UTC'): number {
  if (/^(?:rate|cron)\(/i.test(expression)) throw notBuilt(`recurring schedules (${expression})`);
  const [, time] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)$/i.exec(expression) ?? [];
  const at = time === undefined ? Number.NaN : Date.parse(`${time}Z`);
  if (Number.isNaN(at)) throw validationError(`Invalid Schedule Expression ${expression}.`);
  if (timezone !== 'UTC') throw notBuilt(`schedules in other time zones than UTC (${timezone})`);
  return at;
}
