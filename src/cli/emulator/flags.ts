import { InvalidArgumentError } from 'commander';
import type { InstancePrice, Quota } from '../../emulator/world/options.ts';

// The emulator's own options are not loaded to parse a command line: a test holds these lists against them.

/** Name, quick and lifelike, ms; what it is. */
export const LATENCIES: readonly [name: string, quick: number, lifelike: number, meaning: string][] = [
  ['createEndpoint', 2000, 285_000, 'CreateEndpoint until InService'],
  ['launchFleet', 2000, 180_000, 'the new fleet of an update, before traffic shifts'],
  ['terminateFleet', 500, 30_000, 'taking the old fleet away'],
  ['updateWeights', 1000, 85_000, 'UpdateEndpointWeightsAndCapacities'],
  ['deleteEndpoint', 500, 20_000, 'DeleteEndpoint until it is gone'],
  ['publishMetrics', 1000, 15_000, 'end of a period until its metrics can be read'],
  ['publishCapture', 1000, 20_000, 'end of a minute until its capture file lies in S3'],
  ['failHealthCheck', 3000, 240_000, 'pinging an unhealthy container until it is given up'],
  ['firstEvaluation', 10_000, 10_000, 'PutMetricAlarm until the alarm is first evaluated'],
  ['functionActive', 200, 3_000, 'CreateFunction, or a change of one, until it is Active'],
  ['functionRetry', 5_000, 60_000, 'delay before a failed asynchronous event is retried; doubled the second time'],
  ['deliverEvent', 100, 1_000, 'an event through EventBridge to its targets'],
  ['stackResource', 100, 5_000, 'what CloudFormation takes for each resource'],
  ['launchTransformJob', 1000, 210_000, 'CreateTransformJob until its instances are there (TransformStartTime)'],
  [
    'runTransformJob',
    1000,
    90_000,
    'what a transform job takes beside its requests: starting containers, storing outputs',
  ],
  ['stopTransformJob', 500, 30_000, 'StopTransformJob until Stopped'],
  ['queueQuery', 50, 200, 'StartQueryExecution of Athena until the query runs'],
  ['runQuery', 200, 2000, 'how long a query of Athena runs'],
  ['modelLatency', 1.9, 1.9, 'median ModelLatency of built-in containers; 0: as measured'],
  ['overheadLatency', 1.1, 1.1, 'median OverheadLatency; 0: as measured'],
];

export const LATENCY_NAMES = LATENCIES.map(([name]) => name);

export interface Switch {
  name: string;
  values: readonly string[];
  default: string;
  meaning: string;
}

const yesNo = (name: string, byDefault: boolean, meaning: string): Switch => ({
  name,
  values: ['true', 'false'],
  default: String(byDefault),
  meaning,
});

const either = (name: string, values: readonly string[], byDefault: string, meaning: string): Switch => ({
  name,
  values,
  default: byDefault,
  meaning,
});

export const SWITCHES: readonly Switch[] = [
  yesNo('sharedEventId', false, 'captures of production and shadow of one request share their eventId'),
  yesNo('captureFailedCalls', false, 'failed invocations are captured, input only'),
  yesNo('shadowCaptures', true, 'requests to a shadow variant of a config are captured'),
  yesNo('shadowInferenceId', true, "captures of a shadow carry the caller's InferenceId"),
  yesNo('refuseDataCapture', false, 'DataCaptureConfig is refused, as to accounts new to Model Monitor'),
  either(
    'alarmAlreadyFiring',
    ['rollback', 'refuse'],
    'rollback',
    'what an alarm that fires before UpdateEndpoint does',
  ),
  either(
    'alarmWithoutData',
    ['ignore', 'rollback'],
    'ignore',
    'what an alarm in INSUFFICIENT_DATA does while an update bakes',
  ),
  yesNo('requireAlarms', true, 'UpdateEndpoint refuses alarm names that do not exist'),
  either(
    'shadowSampling',
    ['ratio', 'weight'],
    'ratio',
    "share of requests copied: the shadow's weight over production's, or alone",
  ),
  yesNo('updateShadowWeights', false, 'UpdateEndpointWeightsAndCapacities may name a shadow'),
  yesNo('scaleShadows', true, 'a shadow variant may be a scalable target'),
  either(
    'guardrailsWithShadow',
    ['true', 'all-at-once', 'false'],
    'true',
    'guardrails are permitted where a config has a shadow',
  ),
  yesNo('retainWithShadow', true, 'RetainAllVariantProperties is permitted where a config has a shadow'),
  either(
    'excludeDataCapture',
    ['ignore', 'refuse'],
    'ignore',
    'what DataCaptureConfig in ExcludeRetainedVariantProperties does',
  ),
  yesNo('refuseNetworkIsolation', false, 'EnableNetworkIsolation, also false, is refused beside a ModelName'),
  yesNo('showNetworkIsolation', true, 'DescribeEndpointConfig shows EnableNetworkIsolation where it is false'),
  yesNo('refuseSameConfig', true, 'UpdateEndpoint refuses the config in use'),
  yesNo('reuseConfigs', true, 'UpdateEndpoint takes a config that the endpoint ran before'),
  either('rollbackStatus', ['Updating', 'RollingBack'], 'Updating', 'status of an endpoint while it rolls back'),
  yesNo('rollbackReason', true, 'an endpoint that was rolled back has a FailureReason'),
  either(
    'bakingWait',
    ['TerminationWaitInSeconds', 'WaitIntervalInSeconds'],
    'TerminationWaitInSeconds',
    "which wait the message of a canary's bake names",
  ),
  yesNo('keepLastDeployment', true, 'a plain update leaves LastDeploymentConfig as it is'),
  either(
    'executionTimeout',
    ['none', '600', '3600'],
    'none',
    'seconds of MaximumExecutionTimeoutInSeconds where it is left out',
  ),
  yesNo('lowerCaseArns', false, 'ARNs carry names in lower case'),
  yesNo('refuseModelInUse', false, 'DeleteModel refuses a model that a config or an endpoint uses'),
  either(
    'alarmExtraPeriods',
    ['0', '1', '2', '3', '4', '5'],
    '2',
    'periods an alarm looks at beyond its EvaluationPeriods',
  ),
  yesNo('experimentOwnsEndpoint', true, 'an endpoint in an inference experiment cannot be updated or deleted'),
  yesNo('percentiles', true, "CloudWatch has percentiles (`p99`) of SageMaker's metrics"),
  yesNo(
    'rankStatistics',
    false,
    "CloudWatch has percentile ranks and trimmed counts (`PR(:300)`, `TC(:300)`) of SageMaker's metrics",
  ),
  yesNo('halfMinutes', false, 'a minute of metrics can be read half counted, the rest a minute later'),
  yesNo('retrySchedules', false, 'EventBridge Scheduler calls again where the API refused'),
  yesNo('resolveTagsAgain', true, 'a new instance of a fleet that runs resolves the tag of its image again'),
  yesNo('repeatEvents', false, 'EventBridge brings every event twice'),
  yesNo('rateStartsAtOnce', false, 'a schedule at a rate calls when it is created, not after its first period'),
  either(
    'transformOutputPath',
    ['folder', 'prefix'],
    'folder',
    "an output's key where the input's prefix ends within a name: what follows the prefix's last slash, or the prefix",
  ),
  either(
    'transformRules',
    ['refuse', 'fail'],
    'refuse',
    'what data processing does not allow is refused, or the transform job fails',
  ),
  either(
    'transformOutputBucket',
    ['fail', 'refuse'],
    'fail',
    'a transform job whose output bucket is not there fails when it stores, or is refused',
  ),
  either(
    'unequalJoin',
    ['fail', 'shorten'],
    'fail',
    'an object whose answers have fewer rows than records, with JoinSource Input: no output, or the rows there are',
  ),
  yesNo('checkCsvAnswers', true, "answers of a transform job's container are read as CSV where Accept is text/csv"),
  yesNo('linearLearnerArrays', false, 'linear-learner takes a line of JSON that is an array of features'),
  either(
    'sliceEnd',
    ['inclusive', 'exclusive'],
    'inclusive',
    'whether the end of a slice in InputFilter and OutputFilter (`$[1:4]`) is part of it',
  ),
  either('joinedDigits', ['15', '17'], '15', 'significant digits of numbers in joined rows of JSON'),
  either(
    'lakeFormation',
    ['open', 'select', 'all'],
    'open',
    'what Lake Formation denies: nothing, reading a table in a query, or all of databases and tables',
  ),
];

/** The table of latencies for `--help`: quick and lifelike values in milliseconds. */
export function describeLatencies(): string {
  return LATENCIES.map(
    ([name, quick, lifelike, meaning]) =>
      `  ${name.padEnd(18)} ${String(quick).padStart(5)} ${String(lifelike).padStart(7)}  ${meaning}`,
  ).join('\n');
}

/** The list of switches for `--help`, the default of each in brackets. */
export function describeSwitches(): string {
  return SWITCHES.map(({ name, values, default: byDefault, meaning }) => {
    const choices = values.map((value) => (value === byDefault ? `[${value}]` : value)).join('|');
    return `  ${name}  ${choices}\n    ${meaning}`;
  }).join('\n');
}

/** Reads a port, 0 to 65535; 0 is any free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 1 to 65535, or 0 for any free one.');
  return port;
}

/** `IMAGE=http://…` or `IMAGE=command …`, as it was given. */
export function parseContainer(text: string): string {
  const mark = text.indexOf('=');
  if (mark < 1 || text.slice(mark + 1).trim() === '') {
    throw new InvalidArgumentError("Write IMAGE=http://127.0.0.1:8080 or IMAGE='command …'.");
  }
  return text;
}

/** `REGION/TYPE=DOLLARS`: what the Price List API is to say of hosting. */
export function parseListedPrice(text: string): InstancePrice {
  const [, region = '', instanceType = '', dollars = ''] =
    /^([a-z0-9-]+)\/(ml\.[a-z0-9-]+\.[a-z0-9-]+)=([\d.]+)$/.exec(text) ?? [];
  const hourly = Number(dollars);
  if (region === '' || !(hourly > 0))
    throw new InvalidArgumentError('Write REGION/TYPE=DOLLARS: eu-west-1/ml.m5.large=0.128');
  return { region, instanceType, hourly };
}

/** `NAME=LIMIT`: of the quotas of Service Quotas, those for transform jobs and for queries of Athena. */
export function parseQuota(text: string): Quota {
  const [, name = '', limit = ''] =
    /^(ml\.[a-z0-9-]+\.[a-z0-9-]+ for transform job usage|Active DML queries)=(\d+)$/.exec(text) ?? [];
  if (name === '')
    throw new InvalidArgumentError('Write "TYPE for transform job usage=LIMIT" or "Active DML queries=LIMIT".');
  return { name, limit: Number(limit) };
}

/** `http://127.0.0.1:8080`, without a path. */
export function parseTrino(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new InvalidArgumentError('Write http://127.0.0.1:8080.');
  return url.origin;
}

/** A policy of IAM to be enforced, and whom it limits. */
export interface PolicyFlag {
  kind: 'identity' | 'boundary' | 'scp';
  /** An access key id or `role/NAME`; undefined: every caller without one of its own. */
  who: string | undefined;
  file: string;
}

/** `FILE`, `KEY=FILE`, `role/NAME=FILE`, `boundary:FILE`, `scp:FILE`. */
export function parsePolicy(text: string): PolicyFlag {
  const [, kind = 'identity', who, file = ''] = /^(?:(boundary|scp):)?(?:([\w+,.@/-]+)=)?(.+)$/.exec(text) ?? [];
  if (file === '') throw new InvalidArgumentError('Write FILE, KEY=FILE or role/NAME=FILE.');
  return { kind: kind as PolicyFlag['kind'], who, file };
}

/** The words of such a flag again. */
export function policyWords({ kind, who, file }: PolicyFlag): string {
  return `${kind === 'identity' ? '' : `${kind}:`}${who === undefined ? '' : `${who}=`}${file}`;
}

/** Reads `name=milliseconds`. @throws InvalidArgumentError where there is no such latency, or it is no number */
export function parseLatency(text: string): [string, number] {
  const [name, value] = split(text);
  if (!LATENCY_NAMES.includes(name))
    throw new InvalidArgumentError(`There is no latency "${name}". The latencies are ${LATENCY_NAMES.join(', ')}.`);
  const ms = Number(value);
  if (value === '' || !Number.isFinite(ms) || ms < 0)
    throw new InvalidArgumentError(`"${value}" is not a number of milliseconds.`);
  return [name, ms];
}

/** Reads `name=value` of a switch. @throws InvalidArgumentError where there is no such switch or value */
export function parseSwitch(text: string): [string, boolean | number | string] {
  const [name, value] = split(text);
  const known = SWITCHES.find((one) => one.name === name);
  if (known === undefined) {
    throw new InvalidArgumentError(
      `There is no switch "${name}". The switches are ${SWITCHES.map((one) => one.name).join(', ')}.`,
    );
  }
  if (!known.values.includes(value))
    throw new InvalidArgumentError(`${name} is one of ${known.values.join(', ')}, not "${value}".`);
  return [name, value === 'true' ? true : value === 'false' ? false : /^\d+$/.test(value) ? Number(value) : value];
}

function split(text: string): [string, string] {
  const mark = text.indexOf('=');
  if (mark < 1) throw new InvalidArgumentError('Write name=value.');
  return [text.slice(0, mark), text.slice(mark + 1)];
}
