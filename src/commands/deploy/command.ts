import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags } from '../../cli/flags/candidate.ts';
import { instanceType, oneOf, wholeNumber } from '../../cli/flags/values.ts';

export interface DeployOptions {
  endpoint: string;
  /** The candidate as named by the flags. */
  candidate: CandidateFlags;
  /** Undefined: the live endpoint's, or ml.m5.large. */
  instanceType: string | undefined;
  /** Undefined: as many as the live endpoint is scaled to, or 1. */
  instances: number | undefined;
  /** Of a new endpoint; an endpoint that exists keeps its own. */
  variantName: string | undefined;
  /** File of payloads to test the inference with. */
  test: string | undefined;
  /** The first line of that file is a header. */
  header: boolean;
  adopt: boolean;
  plan: boolean;
  yes: boolean;
  wait: boolean;
  metrics: boolean;
  format: 'text' | 'json';
}

interface Flags extends CandidateFlags {
  endpoint: string;
  instanceType?: string;
  instances?: number;
  variantName?: string;
  test?: string;
  header?: boolean;
  adopt?: boolean;
  plan?: boolean;
  yes?: boolean;
  wait: boolean;
  metrics: boolean;
  format: 'text' | 'json';
}

export function deployCommand(host: Host, run: Run<DeployOptions> = lazy(() => import('./run.ts'))): Command {
  const command = new Command('deploy').requiredOption('--endpoint <name>', 'the endpoint');
  return addCandidateFlags(command.optionsGroup('The new model:'))
    .optionsGroup('The fleet:')
    .option(
      '--instance-type <type>',
      'instances to run on (default: those of the live endpoint, else ml.m5.large)',
      instanceType('--instance-type'),
    )
    .option(
      '--instances <count>',
      'how many (default: those of the live endpoint, else 1)',
      wholeNumber('--instances', 1),
    )
    .option('--variant-name <name>', 'production variant of a new endpoint (default: AllTraffic)')
    .optionsGroup('Trying it:')
    .option('--test <file>', 'CSV or JSON Lines (local or s3://) to send once it is in service')
    .option('--header', 'the first line of the CSV given with --test is a header')
    .option('--no-metrics', 'do not wait for and draw the metrics after a test')
    .optionsGroup('Else:')
    .option('--adopt', 'change an endpoint that shadowctl did not create; cleanup will never delete it')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--no-wait', 'do not wait until the endpoint is in service')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
Exit codes: 0 in service, 1 it is not, or the test failed, or you said no.

Example:
  $ shadowctl deploy --endpoint weather --artifact model.tar.gz --algorithm linear-learner --instances 3 --test rows.csv`,
    )
    .action((flags: Flags) =>
      host.start(run, {
        endpoint: flags.endpoint,
        candidate: candidateFlags(flags),
        instanceType: flags.instanceType,
        instances: flags.instances,
        variantName: flags.variantName,
        test: flags.test,
        header: flags.header === true,
        adopt: flags.adopt === true,
        plan: flags.plan === true,
        yes: flags.yes === true,
        wait: flags.wait,
        metrics: flags.metrics,
        format: flags.format,
      }),
    );
}
