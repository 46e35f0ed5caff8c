/** How an update ended. Only `updated` is what was asked for. */
export type UpdateOutcomeKind =
  /** The endpoint runs the config that was asked for. */
  | 'updated'
  | 'rolled-back-by-alarm'
  /** The new fleet never passed its health check. */
  | 'rolled-back-for-health'
  /** AWS had no instances for the new fleet. */
  | 'rolled-back-for-capacity'
  /** The update took longer than MaximumExecutionTimeoutInSeconds. */
  | 'timed-out'
  /** `shadowctl abort` stopped it. */
  | 'aborted'
  /** The endpoint is back on its old config, and nothing says why. */
  | 'rolled-back'
  /** Somebody else's update came between. */
  | 'taken-over'
  /** The endpoint itself is broken: only deletion or AWS's support helps. */
  | 'failed'
  /** The endpoint is gone. */
  | 'deleted';

export interface UpdateOutcome {
  kind: UpdateOutcomeKind;
  /** One sentence for people, with names. */
  sentence: string;
  /** SageMaker's FailureReason, where it belongs to this update. */
  reason: string | undefined;
  /** Alarms that were in ALARM during the update. */
  alarms: readonly string[];
  /** The config the endpoint runs now. */
  running: string | undefined;
  /** What could not be looked at while this was found out, in AWS's words. */
  unseen?: readonly string[];
}

/** Everything that tells how an update ended. */
export interface OutcomeFacts {
  endpoint: string;
  /** The config that was asked for, and the one that ran before. */
  requested: string;
  previous: string;
  /** What DescribeEndpoint says now; undefined when the endpoint is gone. */
  now:
    | {
        status: string;
        config: string | undefined;
        failureReason: string | undefined;
        variantReason?: string | undefined;
      }
    | undefined;
  /** FailureReason just after the update was asked for: a reason that has not changed since may be an old one (facts 4.2). */
  reasonBefore: string | undefined;
  /** Alarms seen in ALARM between the start of the update and its end. */
  firedAlarms: readonly string[];
  /** Configs other than ours that updates were seen leading to meanwhile. */
  foreignTargets: readonly string[];
  elapsedSeconds: number;
  maxSeconds: number | undefined;
  /** When the journal says that an abort was asked for. */
  aborted: boolean;
}

const ALARM_REASON = /alarm[^:]*in ALARM state: \[([^\]]*)\]/i;

/**
 * Compares the config that runs with the config that was asked for: SageMaker reports a rollback as `InService`, and
 * its FailureReason may be empty, or left over from an earlier rollback (facts 4.3). Neither is trusted alone.
 */
export function classifyOutcome(facts: OutcomeFacts): UpdateOutcome {
  const { now, requested, previous, endpoint } = facts;
  if (now === undefined) return ending('deleted', `${endpoint} was deleted while it was being updated.`, facts);
  if (now.status === 'Failed' || now.status === 'UpdateRollbackFailed' || now.status === 'OutOfService') {
    return ending('failed', `${endpoint} is ${now.status}${sayReason(now.failureReason)}.`, facts, now.failureReason);
  }
  if (now.config === requested) return ending('updated', `${endpoint} runs ${requested}.`, facts);
  if (now.config !== previous) {
    return ending(
      'taken-over',
      `${endpoint} runs ${now.config ?? 'no config'}, which this update did not ask for: someone else updated it.`,
      facts,
    );
  }
  if (facts.foreignTargets.length > 0) {
    return ending(
      'taken-over',
      `Someone else's update of ${endpoint} to ${facts.foreignTargets.join(', ')} intervened.`,
      facts,
    );
  }
  return rolledBack(facts, now.failureReason);
}

function rolledBack(facts: OutcomeFacts, failureReason: string | undefined): UpdateOutcome {
  const back = `${facts.endpoint} was rolled back to ${facts.previous}`;
  // An abort works by an alarm: that one is not to blame.
  if (facts.aborted) return ending('aborted', `${back}: the update was aborted.`, facts);
  const fresh = failureReason === facts.reasonBefore ? undefined : failureReason;
  const named = alarmsIn(failureReason);
  // The same alarm gives the same text twice: then the alarm's own record says whether it fired this time.
  const blamed = named.filter((name) => fresh !== undefined || facts.firedAlarms.includes(name));
  if (blamed.length > 0 || (fresh === undefined && facts.firedAlarms.length > 0)) {
    const alarms = blamed.length > 0 ? blamed : facts.firedAlarms;
    const reason = blamed.length > 0 ? failureReason : undefined;
    return { ...ending('rolled-back-by-alarm', `${back} by ${list(alarms, 'alarm')}.`, facts, reason), alarms };
  }
  if (/health check/i.test(fresh ?? '')) {
    return ending('rolled-back-for-health', `${back}: the new fleet did not pass its health check.`, facts, fresh);
  }
  if (/capacity|InsufficientInstance|service limit|ResourceLimitExceeded/i.test(fresh ?? '')) {
    return ending('rolled-back-for-capacity', `${back}: AWS had no instances for the new fleet.`, facts, fresh);
  }
  const late = facts.elapsedSeconds >= (facts.maxSeconds ?? Number.POSITIVE_INFINITY);
  if (late || /tim(e|ed)[ -]?out|maximum execution/i.test(fresh ?? '')) {
    return ending('timed-out', `${back}: it did not finish within the time limit.`, facts, fresh);
  }
  return ending('rolled-back', `${back}${fresh === undefined ? ', and SageMaker gives no reason' : ''}.`, facts, fresh);
}

/** The alarm names of "One or more configured alarm for automatic rollback deployment is in ALARM state: [a, b]." */
export function alarmsIn(failureReason: string | undefined): string[] {
  const names = ALARM_REASON.exec(failureReason ?? '')?.[1];
  return names === undefined
    ? []
    : names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');
}

function ending(kind: UpdateOutcomeKind, sentence: string, facts: OutcomeFacts, reason?: string): UpdateOutcome {
  return { kind, sentence, reason, alarms: [], running: facts.now?.config };
}

function sayReason(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason.replace(/\.$/, '')}`;
}

function list(names: readonly string[], word: string): string {
  return `${word}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
