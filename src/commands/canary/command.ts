import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags } from '../../cli/flags/candidate.ts';
import { oneOf, positiveNumber } from '../../cli/flags/values.ts';
import { guardFlags, type GuardOptions, type GuardWords, parseGuard } from '../../cli/flags/guard.ts';

export interface CanaryOptions {
  endpoint: string;
  /** The candidate as named by the flags. */
  candidate: CandidateFlags;
  guard: GuardOptions;
  /** Requests of our own during the update, for endpoints without any. */
  traffic: { file: string; rate: number } | undefined;
  adopt: boolean;
  /** Only go on watching an update that is under way. */
  resume: boolean;
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags extends CandidateFlags, GuardWords {
  endpoint: string;
  traffic?: string;
  rate?: number;
  adopt?: boolean;
  resume?: boolean;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

const HELP = `
The new model goes to a part of the fleet first. Three alarms watch that part alone; when one fires, SageMaker returns all
traffic to the old fleet. The end is told by comparing the config that runs with the one asked for.
Exit codes: 0 updated, 1 rolled back or otherwise not what was asked for.

Example:
  $ shadowctl canary --endpoint weather --artifact model.tar.gz --algorithm linear-learner --max-latency p99=250ms`;

export function canaryCommand(host: Host, run: Run<CanaryOptions> = lazy(() => import('./run.ts'))): Command {
  const command = new Command('canary').requiredOption(
    '--endpoint <name>',
    'the endpoint, which keeps its instances, capture and variant name',
  );
  return guardFlags(addCandidateFlags(command.optionsGroup('The new model:')))
    .optionsGroup('Else:')
    .option(
      '--traffic <file>',
      'send requests from this CSV or JSON Lines file meanwhile, where there is no real traffic',
    )
    .option('--rate <n>', 'requests a second of --traffic (default: 5)', positiveNumber('--rate'))
    .option('--adopt', 'change an endpoint that shadowctl did not create; cleanup will never delete it')
    .option('--resume', 'go on watching an update that is under way, after a crash or from another terminal')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(run, parse(flags)));
}

function parse(flags: Flags): CanaryOptions {
  if (flags.rate !== undefined && flags.traffic === undefined)
    throw usage('--rate belongs to --traffic FILE, which was not given.');
  const named = flags.artifact ?? flags.algorithm ?? flags.image;
  if (flags.resume === true && named !== undefined)
    throw usage('--resume goes on watching what is under way: it takes no --artifact, --algorithm or --image.');
  return {
    endpoint: flags.endpoint,
    candidate: candidateFlags(flags),
    guard: parseGuard(flags),
    traffic: flags.traffic === undefined ? undefined : { file: flags.traffic, rate: flags.rate ?? 5 },
    adopt: flags.adopt === true,
    resume: flags.resume === true,
    plan: flags.plan === true,
    yes: flags.yes === true,
    format: flags.format,
  };
}
