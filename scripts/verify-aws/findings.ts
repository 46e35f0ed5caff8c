import type { Switches } from '../../src/emulator/world/options.ts';
import type { Call } from './record.ts';
import type { Captures } from './captures.ts';

/** How a fact that no source settles turned out on AWS. */
export interface Finding {
  /** The emulator's switch for it. */
  name: keyof Switches;
  value: string;
  /** What was seen, in words. */
  seen: string;
}

/** What the session did, for those who read its calls. */
export interface Done {
  endpoint: string;
  /** Name of the shadow variant. */
  shadow: string;
  calls: readonly Call[];
  captures: Captures | undefined;
}

const finding = (name: keyof Switches, value: boolean | string, seen: string): Finding => ({
  name,
  value: String(value),
  seen,
});

/** What the recorded calls settle. What they do not show stays as unsettled as it was. */
export function findingsOf(done: Done): Finding[] {
  return READERS.flatMap((read) => read(done) ?? []);
}

type Reader = (done: Done) => Finding | Finding[] | undefined;

const READERS: readonly Reader[] = [
  lowerCaseArns,
  showNetworkIsolation,
  refuseDataCapture,
  captured,
  captureFailedCalls,
  reuseConfigs,
  scaleShadows,
  guardrailsWithShadow,
  bakingWait,
  rolledBack,
  percentiles,
  halfMinutes,
];

const named = ({ calls }: Done, operation: string, step?: RegExp) =>
  calls.filter((one) => one.operation === operation && (step === undefined || step.test(one.step)));

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const list = (value: unknown) => (Array.isArray(value) ? (value as Record<string, unknown>[]) : []);
const object = (value: unknown) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {});

/** AWS took the call; false where it refused its parameters; undefined where neither is told by the reply. */
function accepted(call: Call | undefined): boolean | undefined {
  if (call?.output !== undefined) return true;
  const { name = '', message = '' } = call?.error ?? {};
  // A busy endpoint, a missing permission, a quota say nothing of the parameters.
  return name === 'ValidationException' && !/in-progress/.test(message) ? false : undefined;
}

function lowerCaseArns(done: Done): Finding | undefined {
  const arn = named(done, 'DescribeEndpoint').map((one) => text(one.output?.EndpointArn)).find((one) => one !== '');
  if (arn === undefined) return undefined;
  const lower = !arn.endsWith(`/${done.endpoint}`);
  return finding('lowerCaseArns', lower, `the ARN of endpoint ${done.endpoint} ends in ${arn.replace(/^.*\//, '')}`);
}

function showNetworkIsolation(done: Done): Finding | undefined {
  const reply = named(done, 'DescribeEndpointConfig').find((one) => one.output !== undefined)?.output;
  if (reply === undefined || reply.EnableNetworkIsolation === true) return undefined;
  const shown = reply.EnableNetworkIsolation === false;
  return finding(
    'showNetworkIsolation',
    shown,
    `DescribeEndpointConfig ${shown ? 'shows EnableNetworkIsolation: false' : 'has no EnableNetworkIsolation'}`,
  );
}

function refuseDataCapture(done: Done): Finding | undefined {
  const asked = named(done, 'CreateEndpointConfig').filter((one) => one.input.DataCaptureConfig !== undefined);
  const refused = asked.find((one) => /data ?capture|model monitor/i.test(one.error?.message ?? ''));
  if (refused !== undefined) return finding('refuseDataCapture', true, `"${refused.error?.message}"`);
  const taken = asked.some((one) => one.output !== undefined);
  return taken ? finding('refuseDataCapture', false, 'CreateEndpointConfig took DataCaptureConfig') : undefined;
}

/** What captures of one request on both sides have in common. */
function captured({ captures, shadow }: Done): Finding[] | undefined {
  if (captures === undefined || captures.production.length === 0) return undefined;
  const { production, shadow: copies } = captures;
  const found = [
    finding('shadowCaptures', copies.length > 0, `${production.length} captures of production, ${copies.length} of ${shadow}`),
  ];
  if (copies.length === 0) return found;
  const byId = new Map(production.flatMap((one) => (one.inferenceId === undefined ? [] : [[one.inferenceId, one]])));
  if (byId.size === 0) return found;
  const withIds = copies.filter((one) => one.inferenceId !== undefined && byId.has(one.inferenceId));
  found.push(
    finding(
      'shadowInferenceId',
      withIds.length > 0,
      `${withIds.length} of ${copies.length} captures of ${shadow} carry the InferenceId of one of production's`,
    ),
  );
  if (withIds.length === 0) return found;
  const shared = withIds.filter((one) => byId.get(one.inferenceId ?? '')?.eventId === one.eventId).length;
  // Some of them alike would be neither.
  if (shared === 0 || shared === withIds.length)
    found.push(finding('sharedEventId', shared > 0, `${shared} of ${withIds.length} pairs share their eventId`));
  return found;
}

function captureFailedCalls(done: Done): Finding | undefined {
  const { captures } = done;
  // Those of later steps come after the captures were read.
  const failed = named(done, 'InvokeEndpoint', /^traffic$/)
    .filter((one) => one.error?.name === 'ModelError')
    .map((one) => text(one.input.InferenceId));
  if (captures === undefined || captures.production.length === 0 || failed.length === 0) return undefined;
  const seen = captures.production.filter(({ inferenceId }) => failed.includes(inferenceId ?? '')).length;
  return finding('captureFailedCalls', seen > 0, `${seen} of ${failed.length} requests that the model refused were captured`);
}

/** Detaching goes back to the config from before the shadow. */
function reuseConfigs(done: Done): Finding | undefined {
  const created = named(done, 'CreateEndpoint').find((one) => one.output !== undefined)?.input.EndpointConfigName;
  const back = named(done, 'UpdateEndpoint').find(
    (one) => created !== undefined && one.input.EndpointConfigName === created && accepted(one) !== undefined,
  );
  const taken = accepted(back);
  if (taken === undefined) return undefined;
  const words = taken ? 'UpdateEndpoint took the config that the endpoint ran before' : `"${back?.error?.message}"`;
  return finding('reuseConfigs', taken, words);
}

function scaleShadows(done: Done): Finding | undefined {
  const asked = named(done, 'RegisterScalableTarget').findLast((one) =>
    text(one.input.ResourceId).endsWith(`/variant/${done.shadow}`),
  );
  const taken = accepted(asked);
  if (taken === undefined) return undefined;
  return finding('scaleShadows', taken, taken ? 'RegisterScalableTarget took the shadow' : `"${asked?.error?.message}"`);
}

/** Updates away from a config with a shadow, behind guardrails. */
function guardrailsWithShadow(done: Done): Finding | undefined {
  const typeOf = ({ input }: Call) =>
    object(object(object(input.DeploymentConfig).BlueGreenUpdatePolicy).TrafficRoutingConfiguration).Type;
  const asked = named(done, 'UpdateEndpoint', /^promote/).filter((one) => accepted(one) !== undefined);
  const first = asked.find((one) => typeOf(one) === 'CANARY');
  if (first === undefined) return undefined;
  if (accepted(first) === true) return finding('guardrailsWithShadow', true, 'UpdateEndpoint took CANARY beside a shadow');
  const all = asked.find((one) => typeOf(one) === 'ALL_AT_ONCE');
  const words = `CANARY beside a shadow: "${first.error?.message}"`;
  if (all === undefined) return undefined;
  return accepted(all) === true
    ? finding('guardrailsWithShadow', 'all-at-once', `${words}; ALL_AT_ONCE was taken`)
    : finding('guardrailsWithShadow', false, `${words}; ALL_AT_ONCE: "${all.error?.message}"`);
}

/** The message while a canary bakes ("… on canary capacity of 1 instance(s)"); that of the bake at the end is no question. */
function bakingWait(done: Done): Finding | undefined {
  const variants = ({ output }: Call) => [
    ...list(object(output?.PendingDeploymentSummary).ProductionVariants),
    ...list(output?.ProductionVariants),
  ];
  const messages = named(done, 'DescribeEndpoint')
    .flatMap(variants)
    .flatMap((one) => list(one.VariantStatus))
    .map((one) => text(one.StatusMessage));
  const message = messages.find((one) => /^Baking .*canary/.test(one));
  const [name] = /(?:TerminationWait|WaitInterval)InSeconds/.exec(message ?? '') ?? [];
  return name === undefined ? undefined : finding('bakingWait', name, `"${message}"`);
}

/** How an update that alarms rolled back looked meanwhile and afterwards. */
function rolledBack(done: Done): Finding[] | undefined {
  const step = /^broken/;
  const asked = named(done, 'UpdateEndpoint', step).find((one) => one.output !== undefined);
  const looks = named(done, 'DescribeEndpoint', step).filter((one) => asked !== undefined && one.at >= asked.at);
  const last = looks.findLast((one) => one.output !== undefined)?.output;
  const wanted = asked?.input.EndpointConfigName;
  if (last === undefined || last.EndpointStatus !== 'InService' || last.EndpointConfigName === wanted) return undefined;
  const fired = named(done, 'DescribeAlarms', step).find((one) =>
    list(one.output?.MetricAlarms).some((alarm) => alarm.StateValue === 'ALARM'),
  )?.at;
  const statuses = looks
    .filter(({ at }) => fired !== undefined && at >= fired)
    .map(({ output }) => text(output?.EndpointStatus))
    .filter((status) => status !== 'InService');
  const status = statuses.includes('RollingBack') ? 'RollingBack' : 'Updating';
  const reason = text(last.FailureReason);
  return [
    ...(statuses.length === 0
      ? []
      : [finding('rollbackStatus', status, `${statuses.length} looks after an alarm fired: ${[...new Set(statuses)].join(', ')}`)]),
    finding('rollbackReason', reason !== '', reason === '' ? 'no FailureReason' : `"${reason}"`),
  ];
}

interface Series {
  statistic: string;
  metric: string;
  /** By time. */
  values: Map<string, number>;
  dimensions: string;
}

/** Every series that GetMetricData was asked for, reply by reply. */
function series(call: Call): Series[] {
  const queries = list(call.input.MetricDataQueries);
  return list(call.output?.MetricDataResults).flatMap(({ Id, Timestamps, Values }) => {
    const stat = object(queries.find((one) => one.Id === Id)?.MetricStat);
    const metric = object(stat.Metric);
    if (metric.Namespace !== 'AWS/SageMaker') return [];
    const times = (Array.isArray(Timestamps) ? Timestamps : []) as (Date | string)[];
    const numbers = (Array.isArray(Values) ? Values : []) as number[];
    const values = new Map(times.map((time, at) => [new Date(time).toISOString(), numbers[at] ?? 0]));
    const dimensions = JSON.stringify([metric.Dimensions, stat.Period]);
    return [{ statistic: text(stat.Stat), metric: text(metric.MetricName), values, dimensions }];
  });
}

function percentiles(done: Done): Finding | undefined {
  const all = named(done, 'GetMetricData').flatMap((call) =>
    series(call).filter((one) => one.metric === 'ModelLatency' && one.values.size > 0).map((one) => one.statistic),
  );
  const asked = named(done, 'GetMetricData').some((call) => series(call).some((one) => /^p\d/.test(one.statistic)));
  if (!asked) return undefined;
  const found = all.find((one) => /^p\d/.test(one));
  if (found !== undefined) return finding('percentiles', true, `GetMetricData gave ${found} of ModelLatency`);
  const others = all.find((one) => /^(?:Average|Sum|SampleCount|Maximum)$/.test(one));
  if (others === undefined) return undefined;
  return finding('percentiles', false, `GetMetricData gave ${others} of ModelLatency, and no percentile`);
}

/** A minute that was read twice and had grown. That none had is no proof. */
function halfMinutes(done: Done): Finding | undefined {
  const known = new Map<string, number>();
  for (const call of named(done, 'GetMetricData'))
    for (const { statistic, metric, values, dimensions } of series(call)) {
      if (statistic !== 'Sum' && statistic !== 'SampleCount') continue;
      for (const [time, value] of values) {
        const key = `${metric} ${statistic} ${dimensions} ${time}`;
        const before = known.get(key);
        if (before !== undefined && value > before)
          return finding('halfMinutes', true, `${statistic} of ${metric} at ${time} was ${before}, then ${value}`);
        known.set(key, value);
      }
    }
  return undefined;
}
