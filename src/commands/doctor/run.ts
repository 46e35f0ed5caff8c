import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { App, Outcome } from '../../app.ts';
import { compositeAlarms, listAlarms } from '../../aws/alarms.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { usage } from '../../base/errors.ts';
import { examineAlarm, type GuardedUpdate } from '../../guard/alarms/check.ts';
import { parseAlarmFile } from '../../guard/alarms/file.ts';
import { examineEndpoint } from '../../guard/doctor/endpoint.ts';
import { examineOther } from '../../guard/alarms/lookup.ts';
import { blocking, type Finding, worstFirst } from '../../guard/finding.ts';
import { readBaseline } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { type Live, readLive } from '../../resources/live.ts';
import { artifactExists } from '../../resources/artifact/check-remote.ts';
import { showFinding } from '../../cli/views/findings.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { DoctorOptions } from './command.ts';

export async function run(app: App, options: DoctorOptions): Promise<Outcome> {
  const findings = await onEndpoint(
    app,
    { endpoint: options.endpoint, command: 'doctor', readOnly: true },
    async ({ aws }) => {
      const live = await readLive(aws, options.endpoint, app.signal);
      if (live === undefined) throw noEndpoint(aws.target, options.endpoint);
      return examine(app, aws, live, options);
    },
  );
  show(app, findings, options.format);
  return blocking(findings).length > 0 ? 'no' : 'done';
}

async function examine(app: App, aws: Aws, live: Live, options: DoctorOptions): Promise<Finding[]> {
  const variant =
    live.config?.ProductionVariants?.[0]?.VariantName ?? live.endpoint.ProductionVariants?.[0]?.VariantName ?? '';
  const liveConfig = live.endpoint.EndpointConfigName;
  const baseline = await readBaseline(
    aws,
    { endpoint: options.endpoint, variant, config: liveConfig },
    'p90',
    app.clock.now(),
    60,
    app.signal,
  );
  const update: GuardedUpdate = {
    endpoint: options.endpoint,
    variant,
    newConfig: options.configName,
    liveConfig,
    bakeSeconds: options.bakeSeconds,
    firstShare: firstShare(live, options),
    requestsPerMinute: baseline.activeMinutes === 0 ? undefined : baseline.requests / baseline.activeMinutes,
  };
  const findings = examineEndpoint({
    name: options.endpoint,
    region: aws.target.region,
    endpoint: live.endpoint,
    config: live.config,
    model: live.model,
    artifactThere: await artifactExists(aws, live.model?.PrimaryContainer?.ModelDataUrl),
    requests: baseline.requests,
  });
  const alarms = await chosenAlarms(app, aws, options);
  const others = options.alarms.filter((name) => !alarms.some((alarm) => alarm.AlarmName === name));
  const composites = await compositeAlarms(aws, others, app.signal);
  for (const name of others)
    findings.push(
      examineOther(
        name,
        composites.find((alarm) => alarm.AlarmName === name),
      ),
    );
  if (alarms.length === 0 && options.alarms.length === 0) {
    findings.push({
      severity: 'note',
      check: 'no-alarms',
      subject: `endpoint ${options.endpoint}`,
      message: 'No alarm watches it: SageMaker would never roll an update back for what its answers are like.',
      next: 'shadowctl canary makes three for each update.',
    });
  }
  for (const alarm of alarms) findings.push(...examineAlarm(alarm, update));
  return findings;
}

function firstShare(live: Live, { canarySize }: DoctorOptions): number {
  const fleet = live.endpoint.ProductionVariants?.[0]?.DesiredInstanceCount ?? 1;
  const share = canarySize.unit === 'percent' ? canarySize.value / 100 : canarySize.value / Math.max(1, fleet);
  return Math.min(1, share);
}

async function chosenAlarms(app: App, aws: Aws, options: DoctorOptions): Promise<MetricAlarm[]> {
  const fromFile =
    options.file === undefined ? [] : parseAlarmFile(options.file, await readText(resolve(app.cwd, options.file)));
  if (options.alarms.length > 0) return [...fromFile, ...(await describeAlarms(aws, options.alarms, app.signal))];
  if (options.file !== undefined) return fromFile;
  return (await listAlarms(aws, app.signal)).filter((alarm) => watches(alarm, options.endpoint));
}

function watches(alarm: MetricAlarm, endpoint: string): boolean {
  const own = alarm.Dimensions ?? [];
  const inner = (alarm.Metrics ?? []).flatMap((query) => query.MetricStat?.Metric?.Dimensions ?? []);
  return [...own, ...inner].some((dimension) => dimension.Name === 'EndpointName' && dimension.Value === endpoint);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`--file: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, undefined, error);
  }
}

function show(app: App, findings: readonly Finding[], format: DoctorOptions['format']): void {
  const sorted = worstFirst(findings);
  if (format === 'json') {
    app.io.out(JSON.stringify({ healthy: blocking(findings).length === 0, findings: sorted }, null, 2));
    return;
  }
  for (const finding of sorted) {
    for (const line of showFinding(app.io, finding)) app.io.out(line);
    if (finding.correction !== undefined) app.io.out(`    corrected: ${JSON.stringify(finding.correction)}`);
  }
  const count = blocking(findings).length;
  app.io.out();
  app.io.out(
    count === 0
      ? 'Nothing found that would make the guardrail a lie.'
      : `${count} ${count === 1 ? 'finding makes' : 'findings make'} the guardrail a lie.`,
  );
}
