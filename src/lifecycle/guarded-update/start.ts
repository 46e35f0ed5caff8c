import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { UpdateEndpointCommandInput } from '@aws-sdk/client-sagemaker';
import { type JournaledRun, apply } from '../../resources/apply.ts';
import { appliedWords, type Step } from '../../resources/steps.ts';
import { waitUntilQuiet } from './alarm-states.ts';
import { recordUpdateStarted, type UpdateStarted } from '../../state/updates.ts';
import type { Strategy } from '../../guard/strategy.ts';

/** An update that guards itself: everything about it is decided. */
export interface GuardedUpdatePlan {
  command: UpdateStarted['command'];
  endpoint: string;
  variant: string;
  previous: string;
  requested: string;
  /** Names of the models, for the record. */
  models: { previous: string; requested: string };
  strategy: Strategy;
  /** Ours, written anew for this fleet. */
  alarms: readonly PutMetricAlarmCommandInput[];
  /** The team's own, by name. */
  teamAlarms: readonly string[];
  /** FailureReason and LastModifiedTime (ms since the epoch) that are there already. */
  before: { reason: string | undefined; modified: number | undefined };
}

/** The call that starts it. Counts and weights that scaling has changed are kept. */
function updateInput(plan: GuardedUpdatePlan): UpdateEndpointCommandInput {
  const names = alarmsOf(plan);
  return {
    EndpointName: plan.endpoint,
    EndpointConfigName: plan.requested,
    RetainAllVariantProperties: true,
    DeploymentConfig: {
      ...plan.strategy.config,
      ...(names.length === 0
        ? {}
        : { AutoRollbackConfiguration: { Alarms: names.map((AlarmName) => ({ AlarmName })) } }),
    },
  };
}

/** Every alarm that guards it, ours first. */
function alarmsOf(plan: Pick<GuardedUpdatePlan, 'alarms' | 'teamAlarms'>): string[] {
  return [...plan.alarms.map((alarm) => alarm.AlarmName ?? ''), ...plan.teamAlarms];
}

/**
 * Carries the plan out as far as UpdateEndpoint: what must exist first, the alarms, a pause until they are quiet, the
 * update itself. Needs the journal's lock. From then on the guardrail lives in SageMaker.
 */
export async function startGuardedUpdate(
  run: JournaledRun,
  plan: GuardedUpdatePlan,
  before: readonly Step[],
  say: (line: string) => void,
  done: (words: string) => void,
): Promise<UpdateStarted> {
  for (const step of before) {
    await apply(run, step);
    const words = appliedWords(step);
    if (words !== undefined) done(words);
  }
  for (const input of plan.alarms) {
    await apply(run, { action: 'create', kind: 'alarm', name: input.AlarmName ?? '', input });
    done(`created alarm ${input.AlarmName}`);
  }
  await waitUntilQuiet(
    run,
    plan.alarms.map((alarm) => alarm.AlarmName ?? ''),
    say,
  );
  const started: UpdateStarted = {
    command: plan.command,
    endpoint: plan.endpoint,
    variant: plan.variant,
    requested: plan.requested,
    previous: plan.previous,
    models: plan.models,
    alarms: alarmsOf(plan),
    ownAlarms: plan.alarms.map((alarm) => alarm.AlarmName ?? ''),
    strategy: plan.strategy.name,
    startedAt: run.clock.now(),
    reasonBefore: plan.before.reason,
    modifiedBefore: plan.before.modified,
    maxSeconds: plan.strategy.maxSeconds,
  };
  // Written down beforehand: whoever finds it looks into the journal whether the call was made.
  await recordUpdateStarted(run, started);
  await apply(run, { action: 'update', kind: 'endpoint', name: plan.endpoint, input: updateInput(plan) });
  done(`updating endpoint ${plan.endpoint} to ${plan.requested}`);
  return started;
}
