import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import type { PayloadFile } from '../lifecycle/traffic/payloads.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags, candidateSpec } from './flags/candidate.ts';
import { adoptFlag } from './flags/common.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { payloadFlags, type PayloadFlags, payloadOptions } from './flags/payloads.ts';
import { instanceType, wholeNumber } from './flags/values.ts';

export interface DeployOptions extends PricedOptions {
  endpoint: string;
  /** The candidate as named by the flags. */
  candidate: CandidateFlags;
  /** Undefined: the live endpoint's, or ml.m5.large. */
  instanceType: string | undefined;
  /** Undefined: as many as the live endpoint is scaled to, or 1. */
  instances: number | undefined;
  /** Of a new endpoint; an endpoint that exists keeps its own. */
  variantName: string | undefined;
  /** False: the endpoint captures nothing from then on. */
  capture: boolean;
  /** File of payloads to test the inference with. */
  test: Omit<PayloadFile, 'option'> | undefined;
  adopt: boolean;
  wait: boolean;
  metrics: boolean;
}

interface Flags extends CandidateFlags, PayloadFlags, PricedFlags {
  endpoint: string;
  instanceType?: string;
  instances?: number;
  variantName?: string;
  capture: boolean;
  test?: string;
  adopt?: boolean;
  wait: boolean;
  metrics: boolean;
}

const HELP = `
Without a model, --instances, --instance-type, the timeouts and --no-capture change just that of an endpoint that exists.
Exit codes: 0 in service, 1 it is not in service, or the test failed, or you said no.

Example:
  $ shadowctl deploy --endpoint weather --artifact model.tar.gz --algorithm linear-learner --instances 3 --test rows.csv`;

export function deployCommand(host: Host, start: Run<DeployOptions> = run): Command {
  const command = new Command('deploy').requiredOption('--endpoint <name>', 'the endpoint');
  const fleet = addCandidateFlags(command.optionsGroup('The new model:'))
    .optionsGroup('The fleet:')
    .option(
      '--instance-type <type>',
      'instance type (default: that of the live endpoint, otherwise ml.m5.large)',
      instanceType('--instance-type'),
    )
    .option(
      '--instances <count>',
      'number of instances (default: that of the live endpoint, otherwise 1)',
      wholeNumber('--instances', 1),
    )
    .option('--variant-name <name>', 'production variant of a new endpoint (default: AllTraffic)')
    .option('--no-capture', 'turn off data capture, which a shadow has turned on')
    .optionsGroup('Trying it:')
    .option('--test <file>', 'CSV or JSON Lines (local or s3://) to send once it is in service');
  const tried = payloadFlags(fleet, { labels: true })
    .option('--no-metrics', 'do not wait for and draw the metrics after a test')
    .optionsGroup('Other options:');
  return pricedFlags(adoptFlag(tried).option('--no-wait', 'do not wait until the endpoint is in service'))
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): DeployOptions {
  return {
    endpoint: flags.endpoint,
    candidate: candidateFlags(flags),
    instanceType: flags.instanceType,
    instances: flags.instances,
    variantName: flags.variantName,
    capture: flags.capture,
    test: payloadOptions(flags, flags.test, '--test'),
    adopt: flags.adopt === true,
    wait: flags.wait,
    metrics: flags.metrics,
    ...pricedOptions(flags),
  };
}

/** Creates the endpoint, or updates it where it exists and is ours; tests it; shows what it made. */
export async function run(app: App, options: DeployOptions): Promise<Outcome> {
  const { deploy, readTestMetrics } = await import('../lifecycle/deploy.ts');
  const { sessionOf } = await import('./session.ts');
  const { reportDeployment, reportDetachesFirst, reportPlan, writeAfterDeployment } = await import(
    './views/settled.ts'
  );
  const { endpoint, format } = options;
  const session = sessionOf(app, options);
  const result = await deploy(session, {
    ...options,
    candidate: candidateSpec(options.candidate, app.cwd),
  });
  if (result.kind === 'detaches-first') return reportDetachesFirst(app.io, format, result);
  if (result.kind === 'planned') return reportPlan(app.io, format, result.plan);
  const { plan, settled, trial } = result;
  reportDeployment(app.io, format, plan, settled, trial);
  if (settled !== undefined && settled.kind !== 'running') return 'no';
  if (settled === undefined) return 'done';
  const next = () => (format === 'text' ? writeAfterDeployment(app.io, plan) : undefined);
  if (trial === undefined) {
    next();
    return 'done';
  }
  const variant = settled.endpoint.ProductionVariants?.[0]?.VariantName;
  if (options.metrics && format === 'text' && variant !== undefined) {
    const { drawMinutes } = await import('./views/minutes.ts');
    const metrics = await readTestMetrics(session, { ...trial, endpoint, variant });
    const lines = metrics && drawMinutes(app.io, [{ name: variant, minutes: metrics.minutes }], metrics);
    for (const line of lines ?? []) app.io.out(line);
  }
  if (trial.answered < trial.sent) return 'no';
  next();
  return 'done';
}
