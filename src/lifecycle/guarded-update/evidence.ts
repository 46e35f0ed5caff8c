import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { endpointLogGroup, type LogLine, logLines } from '../../aws/logs.ts';
import { logStreams } from '../../aws/log-streams.ts';
import { type AlarmPoint, alarmPoints } from './alarm-points.ts';
import { showRule, showValue } from '../../guard/alarms/format.ts';
import type { UpdateOutcome } from '../../guard/outcome.ts';
import { fleetMinutes, total } from './fleet-metrics.ts';
import { SHOWN_LATENCY, type Surroundings, type Update } from './await-update.ts';
import { MINUTE } from '../../base/units.ts';

/** What is known of an update once it has ended: the facts behind its ending. */
export interface UpdateEvidence {
  /** What the new fleet did while it stood. */
  served: { requests: number; errors4xx: number; errors5xx: number };
  /** Alarms that fired, with the datapoints that made them. */
  alarms: {
    name: string;
    rule: string;
    reason: string | undefined;
    points: { at: number; value: string; breaching: boolean }[];
  }[];
  /** Lines of the new fleet's containers that speak of errors: the first, and the last. */
  log: { group: string; lines: { at: number; stream: string; message: string }[]; more: number };
  /** What could not be read, and why: a missing permission must not hide how the update ended. */
  unseen: string[];
}

/** What containers print when something goes wrong. */
const ERROR_WORDS = [
  ...['ERROR', 'Error', 'error', 'Exception', 'Traceback', 'CRITICAL', 'cannot be loaded'],
  ...[' 500 ', ' 503 '],
];
const LINES_KEPT = 8;
const LINES_READ = 200;
const STREAMS_READ = 5;

/**
 * Collects the evidence: what the new fleet served, which datapoints made the alarms fire, and what its containers
 * said. The last minute before a rollback may be missing: SageMaker publishes a minute after it has ended.
 */
export async function collectEvidence(
  surroundings: Surroundings,
  update: Update,
  ending: UpdateOutcome,
): Promise<UpdateEvidence> {
  const { aws, clock, signal } = surroundings;
  const window = { start: update.startedAt, end: clock.now() };
  const fleet = { endpoint: update.endpoint, variant: update.variant, config: update.requested };
  const unseen: string[] = [...(ending.unseen ?? [])];
  const tolerant = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error;
      unseen.push(error.message);
      return otherwise;
    }
  };
  const readAlarms = async () => {
    const alarms = await describeAlarms(aws, ending.alarms, signal);
    const points = await alarmPoints(aws, alarms, { start: window.start - MINUTE, end: window.end + MINUTE }, signal);
    return alarms.map((alarm) => firedAlarm(alarm, points.get(alarm.AlarmName ?? '') ?? []));
  };
  const [minutes = []] = await tolerant(() => fleetMinutes(aws, [fleet], SHOWN_LATENCY, window, signal), []);
  return {
    served: total(minutes),
    alarms: ending.alarms.length === 0 ? [] : await tolerant(readAlarms, []),
    log: ending.kind === 'updated' ? NO_LOG : await tolerant(() => errorLines(surroundings, update, window), NO_LOG),
    unseen,
  };
}

const NO_LOG: UpdateEvidence['log'] = { group: '', lines: [], more: 0 };

function firedAlarm(alarm: MetricAlarm, points: readonly AlarmPoint[]): UpdateEvidence['alarms'][number] {
  return {
    name: alarm.AlarmName ?? '',
    rule: showRule(alarm),
    reason: alarm.StateReason,
    points: points.slice(-10).map((point) => ({
      at: point.at,
      value: showValue(alarm, point.value),
      breaching: isBreaching(alarm, point.value),
    })),
  };
}

/** Does one value lie on the wrong side of the alarm's threshold? */
function isBreaching(alarm: Pick<MetricAlarm, 'Threshold' | 'ComparisonOperator'>, value: number): boolean {
  const threshold = alarm.Threshold ?? Number.NaN;
  switch (alarm.ComparisonOperator) {
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
    default:
      return false;
  }
}

/**
 * The first and the last lines about errors from instances that came up for this update. A stream's name does not say
 * which config its instance ran (facts 3), but an instance of the new fleet has a stream younger than the update.
 */
async function errorLines(
  surroundings: Surroundings,
  update: Update,
  window: { start: number; end: number },
): Promise<UpdateEvidence['log']> {
  const { aws, signal } = surroundings;
  const group = endpointLogGroup(update.endpoint);
  const streamPrefix = `${update.variant}/`;
  const streams = await logStreams(aws, group, streamPrefix, signal);
  const young = streams.filter((stream) => stream.created >= window.start).slice(0, STREAMS_READ);
  const ours: LogLine[] = [];
  for (const { name } of young) {
    ours.push(
      ...(await logLines(
        aws,
        { group, streamPrefix: name, anyOf: ERROR_WORDS, start: window.start, limit: LINES_READ, orStreams: true },
        signal,
      )),
    );
  }
  ours.sort((a, b) => a.at - b.at);
  // The same failure is printed for every request, with another time or number in it.
  const seen = new Set<string>();
  const distinct = ours.filter((line) => {
    const key = line.message.replace(/\d+/g, '#');
    return !seen.has(key) && seen.add(key);
  });
  const head = Math.ceil(LINES_KEPT / 2);
  const kept =
    distinct.length <= LINES_KEPT ? distinct : [...distinct.slice(0, head), ...distinct.slice(head - LINES_KEPT)];
  return { group, lines: kept, more: ours.length - kept.length };
}
