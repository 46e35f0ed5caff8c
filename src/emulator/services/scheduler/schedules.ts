import { type ScheduleRecord, scheduleArn, universalTarget } from '../../world/schedules.ts';
import { trusts } from '../../world/roles.ts';
import type { Context } from '../operation.ts';
import { isJson } from '../is-json.ts';
import { pageAfter } from '../paging.ts';
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
  DeadLetterConfig?: { Arn?: string };
}

/** Members of a target, beside the API that it calls, that belong to targets which are not built. */
const UNBUILT = [
  'EcsParameters',
  'EventBridgeParameters',
  'KinesisParameters',
  'SageMakerPipelineParameters',
  'SqsParameters',
];

interface CreateInput extends Named {
  ScheduleExpression?: string;
  ScheduleExpressionTimezone?: string;
  FlexibleTimeWindow?: { Mode?: 'OFF' | 'FLEXIBLE'; MaximumWindowInMinutes?: number };
  State?: ScheduleRecord['state'];
  Description?: string;
  ActionAfterCompletion?: ScheduleRecord['after'];
  ClientToken?: string;
  KmsKeyArn?: string;
  StartDate?: Date;
  EndDate?: Date;
  Target?: Target;
}

type Named = { GroupName?: string | undefined; Name?: string | undefined };

export const scheduleOperations = {
  CreateSchedule(context: Context, input: CreateInput) {
    const { Name: name = '', GroupName: group = GROUP } = input;
    const { world } = context;
    requireGroup(group);
    const record = recordOf(context, input);
    const known = world.schedules.get(context, group, name);
    if (known !== undefined) {
      if (known.clientToken !== undefined && known.clientToken === input.ClientToken) return { ScheduleArn: known.arn };
      throw conflict(`Schedule ${name} already exists.`);
    }
    world.schedules.keep(record);
    return { ScheduleArn: record.arn };
  },

  /** "UpdateSchedule uses all values, including empty values, specified in the request and overrides the existing schedule" (API_UpdateSchedule). */
  UpdateSchedule(context: Context, input: CreateInput) {
    const known = scheduleNamed(context, input);
    const record = recordOf(context, input);
    context.world.schedules.keep({ ...record, createdAt: known.createdAt, modifiedAt: record.createdAt });
    return { ScheduleArn: record.arn };
  },

  ListSchedules(
    context: Context,
    input: { GroupName?: string; NamePrefix?: string; State?: string; NextToken?: string; MaxResults?: number },
  ) {
    const { GroupName: group, NamePrefix: prefix = '', State: state } = input;
    const found = context.world.schedules
      .list(context)
      .filter(
        ([, one]) =>
          (group ?? one.group) === one.group && one.name.startsWith(prefix) && (state ?? one.state) === one.state,
      );
    const { items, next } = pageAfter(found, {
      keyOf: ([key]) => key,
      size: input.MaxResults ?? 100,
      token: input.NextToken,
      invalidToken: () => validationError('Invalid NextToken.'),
    });
    return {
      Schedules: items.map(([, one]) => ({
        Arn: one.arn,
        GroupName: one.group,
        Name: one.name,
        State: one.state,
        CreationDate: new Date(one.createdAt),
        LastModificationDate: new Date(one.modifiedAt ?? one.createdAt),
        Target: { Arn: one.target.arn },
      })),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  GetSchedule(context: Context, input: Named) {
    const record = scheduleNamed(context, input);
    const { arn, roleArn, input: Input, maxAttempts, maxAgeSeconds, deadLetterArn } = record.target;
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
        ...(Input !== undefined && { Input }),
        ...(deadLetterArn !== undefined && { DeadLetterConfig: { Arn: deadLetterArn } }),
        RetryPolicy: { MaximumRetryAttempts: maxAttempts, MaximumEventAgeInSeconds: maxAgeSeconds },
      },
      CreationDate: new Date(record.createdAt),
      LastModificationDate: new Date(record.modifiedAt ?? record.createdAt),
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

/** A schedule as it is asked for. @throws AwsError */
function recordOf(context: Context, input: CreateInput): ScheduleRecord {
  const { Name: name = '', GroupName: group = GROUP, FlexibleTimeWindow: window, State: state = 'ENABLED' } = input;
  const { world, account, region } = context;
  if (window?.Mode === 'FLEXIBLE') throw notBuilt('flexible time windows');
  if (window?.MaximumWindowInMinutes !== undefined)
    throw validationError('MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF');
  const target = targetOf(context, input.Target);
  if (input.KmsKeyArn !== undefined) throw notBuilt('schedules with a KMS key');
  if (input.StartDate !== undefined || input.EndDate !== undefined) throw notBuilt('StartDate and EndDate');
  const now = world.clock.now();
  const { dueAt, period } = timesOf(context, input.ScheduleExpression ?? '', input.ScheduleExpressionTimezone);
  // Whether AWS refuses it or calls at once, no source says.
  if (dueAt < now) throw notBuilt(`schedules for a time that has passed (${input.ScheduleExpression})`);
  return {
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
    ...(period !== undefined && { period }),
    ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
    ...(state === 'ENABLED' && { dueAt }),
    firstDueAt: dueAt,
    attempts: 0,
  };
}

function targetOf({ world }: Context, target: Target | undefined): ScheduleRecord['target'] {
  const {
    Arn: arn = '',
    RoleArn: roleArn = '',
    Input: input,
    RetryPolicy: retry,
    DeadLetterConfig: dead,
  } = target ?? {};
  const [, , service, region, account] = arn.split(':');
  if (service === 'scheduler' && (region !== '' || account !== ''))
    throw validationError('scheduler is not a supported service for a target');
  const unbuilt = UNBUILT.find((member) => (target as Record<string, unknown> | undefined)?.[member] !== undefined);
  if (unbuilt !== undefined) throw notBuilt(`targets with ${unbuilt}`);
  if (service === 'lambda') {
    if (input !== undefined && !isJson(input)) throw validationError('Invalid JSON provided for Input.');
  } else checkCall(arn, input);
  if (!trusts(world, roleArn, 'scheduler.amazonaws.com'))
    throw validationError('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.');
  if (dead?.Arn !== undefined && !/^arn:[^:]*:sqs:/.test(dead.Arn))
    throw validationError('The DeadLetterConfig must be the ARN of an Amazon SQS queue.');
  return {
    arn,
    roleArn,
    ...(input !== undefined && { input }),
    maxAttempts: retry?.MaximumRetryAttempts ?? MAX_ATTEMPTS,
    maxAgeSeconds: retry?.MaximumEventAgeInSeconds ?? MAX_AGE_SECONDS,
    ...(dead?.Arn !== undefined && { deadLetterArn: dead.Arn }),
  };
}

/** A universal target: an API, and what it is called with. */
function checkCall(arn: string, input: string | undefined): void {
  const call = universalTarget(arn);
  if (call === undefined) throw notBuilt(`the target ${arn}: schedules call functions, or ${CALLS.join(', ')}`);
  if (input === undefined) throw validationError('You must provide an input to set this target for your schedule');
  if (UNSUPPORTED.test(call.action)) throw validationError(`${call.action} API is not supported`);
  if (!CALLS.includes(`${call.service}:${call.action}`))
    throw notBuilt(`schedules that call ${call.service}:${call.action}: they call ${CALLS.join(', ')} alone`);
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * When a schedule calls first, and how often: `at(yyyy-mm-ddThh:mm[:ss])`, no zone, no fraction, or `rate(5 minutes)`;
 * the keyword in any case. Whether a rate calls at once is a switch.
 */
function timesOf({ world }: Context, expression: string, timezone = 'UTC'): { dueAt: number; period?: number } {
  if (/^cron\(/i.test(expression)) throw notBuilt(`schedules by cron (${expression})`);
  const [, count, unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/i.exec(expression) ?? [];
  if (count !== undefined) {
    const period = Number(count) * (UNITS[unit.toLowerCase()] ?? 0);
    return { dueAt: world.clock.now() + (world.switches.rateStartsAtOnce ? 0 : period), period };
  }
  const [, time] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)$/i.exec(expression) ?? [];
  const dueAt = time === undefined ? Number.NaN : Date.parse(`${time}Z`);
  if (Number.isNaN(dueAt)) throw validationError(`Invalid Schedule Expression ${expression}.`);
  if (timezone !== 'UTC') throw notBuilt(`schedules in other time zones than UTC (${timezone})`);
  return { dueAt };
}
