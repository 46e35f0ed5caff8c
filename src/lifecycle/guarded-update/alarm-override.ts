import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { DescribeEndpointCommandOutput } from '@aws-sdk/client-sagemaker';
import { setAlarmState } from '../../aws/alarms.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Aws } from '../../aws/clients.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { RUN_TAG } from '../../resources/tags.ts';
import { replay, trackedResource, type State } from '../../state/replay.ts';
import { isAlarmInput } from '../../state/facts.ts';
import type { Journal } from '../../state/journal.ts';
import { alarmNames } from '../../guard/alarms/plan.ts';
import { firingByAbort, recordUpdateAborted, recordAlarmRestored } from '../../state/updates.ts';
import { inferPhase } from '../../guard/phase.ts';

/**
 * SageMaker has no call that stops an update, and refuses another one meanwhile. What it does obey is an alarm of the
 * update itself: while it bakes it looks at them, and one in ALARM makes it roll back.
 */
export interface AbortPlan {
  /** Our alarm that will be made to fire. */
  alarm: PutMetricAlarmCommandInput;
  name: string;
}

/** Which alarm can stop this update; or why none can. Pure. */
export function planAbort(
  endpoint: DescribeEndpointCommandOutput,
  name: string,
  state: State,
): AbortPlan | { impossible: string } {
  const policy = endpoint.LastDeploymentConfig;
  const guarding = policy?.AutoRollbackConfiguration?.Alarms?.map((alarm) => alarm.AlarmName ?? '') ?? [];
  if (guarding.length === 0) {
    return { impossible: 'it is not guarded by any alarm, and SageMaker has no call that stops an update' };
  }
  for (const own of Object.values(alarmNames(name))) {
    const tracked = trackedResource(state, { kind: 'alarm', name: own });
    if (!guarding.includes(own) || tracked?.state !== 'exists' || !isAlarmInput(tracked.input)) continue;
    return { name: own, alarm: tracked.input };
  }
  return { impossible: `it is guarded by ${guarding.join(', ')}, none of which shadowctl may set off` };
}

/** The alarm as it must be to stay in ALARM whatever the fleet does: setting its state alone lasts until it is next evaluated. */
function alwaysFiring(alarm: PutMetricAlarmCommandInput): PutMetricAlarmCommandInput {
  return {
    ...alarm,
    AlarmDescription:
      `shadowctl abort: made to fire, to roll back the update under way. ${alarm.AlarmDescription ?? ''}`.slice(
        0,
        1024,
      ),
    Threshold: 0,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'breaching',
    EvaluationPeriods: 1,
    DatapointsToAlarm: 1,
  };
}

/**
 * Makes the alarm fire, and stay so. Needs the journal's lock. SetAlarmState does not go through `apply`: it creates
 * nothing and lasts until the next evaluation, its intent is on disk by then, and to do it again is harmless.
 */
export async function fireAlarm(run: JournaledRun, plan: AbortPlan, requested: string): Promise<void> {
  const { name } = plan;
  await recordUpdateAborted(run, requested, plan.alarm, run.clock.now());
  await apply(run, { action: 'create', kind: 'alarm', name, input: writtenBy(run, alwaysFiring(plan.alarm)) });
  try {
    await setAlarmState(run.aws, name, 'ALARM', 'shadowctl abort');
  } catch (error) {
    if (!(error instanceof AwsProblem) || error.provesNothingHappened) throw error;
    // The reply was lost: what AWS holds says whether it fires.
    const [alarm] = await describeAlarms(run.aws, [name], run.signal);
    if (alarm?.StateValue !== 'ALARM') throw error;
  }
}

/** With the mark of the run that writes it, by which the next command knows whether that was carried out. */
function writtenBy({ id }: JournaledRun, alarm: PutMetricAlarmCommandInput): PutMetricAlarmCommandInput {
  return { ...alarm, Tags: alarm.Tags?.map((tag) => (tag.Key === RUN_TAG ? { ...tag, Value: id } : tag)) };
}

/**
 * Gives an alarm that an abort has set off its own rule back, so that it leaves ALARM and can guard again: once the
 * update is over, by whichever command comes first. Needs the journal's lock.
 * @returns the alarm's name; undefined where there was nothing to do, or the update still has to be rolled back
 */
export async function restoreAlarm(
  open: () => Promise<JournaledRun>,
  aws: Aws,
  journal: Journal,
): Promise<string | undefined> {
  const state = replay(journal.events());
  const alarm = firingByAbort(state);
  if (alarm?.AlarmName === undefined) return undefined;
  const endpoint = await describeEndpoint(aws, journal.endpoint);
  if (endpoint !== undefined && !['settled', 'failed'].includes(inferPhase(endpoint).name)) return undefined;
  const run = await open();
  const name = alarm.AlarmName;
  // What cleanup has deleted stays deleted.
  const stands = trackedResource(state, { kind: 'alarm', name })?.state === 'exists';
  if (stands) await apply(run, { action: 'create', kind: 'alarm', name, input: writtenBy(run, alarm) });
  await recordAlarmRestored(run, name);
  return stands ? name : undefined;
}
