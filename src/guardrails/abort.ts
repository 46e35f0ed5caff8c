import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { DescribeEndpointCommandOutput } from '@aws-sdk/client-sagemaker';
import { setAlarmState } from '../aws/alarms.ts';
import { apply, type Site } from '../resources/apply.ts';
import { heldOf, type State } from '../state/fold.ts';
import { alarmNames } from './alarm-plan.ts';
import { noteAborted } from './records.ts';

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
    const held = heldOf(state, { kind: 'alarm', name: own });
    if (!guarding.includes(own) || held?.state !== 'standing') continue;
    return { name: own, alarm: held.input as unknown as PutMetricAlarmCommandInput };
  }
  return { impossible: `it is guarded by ${guarding.join(', ')}, none of which is shadowctl's to set off` };
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

/** Makes the alarm fire, and stay so. Needs the journal's lock. */
export async function pullAlarm(site: Site, plan: AbortPlan, requested: string): Promise<void> {
  await noteAborted(site, requested);
  await apply(site, { action: 'create', kind: 'alarm', name: plan.name, input: alwaysFiring(plan.alarm) });
  await setAlarmState(site.aws, plan.name, 'ALARM', 'shadowctl abort');
}

/** Gives the alarm its own rule back, so that it leaves ALARM and can guard again. Needs the journal's lock. */
export async function restoreAlarm(site: Site, plan: AbortPlan): Promise<void> {
  await apply(site, { action: 'create', kind: 'alarm', name: plan.name, input: plan.alarm });
}
