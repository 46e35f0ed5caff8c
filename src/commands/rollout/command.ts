import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { parseSeconds } from '../../cli/flags/quantities.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags } from '../../cli/flags/candidate.ts';
import { oneOf } from '../../cli/flags/values.ts';
import { type GuardWords, limitFlags, parseLimits } from '../../cli/flags/guard.ts';
import { parsePercent } from '../../base/units.ts';

export interface RolloutOptions {
  endpoint: string;
  candidate: CandidateFlags;
  /** Shares of the requests, rising, the last being 1. */
  steps: readonly number[];
  bakeSeconds: number;
  /** How long beyond the bake a step that is not decided is watched on. */
  patienceSeconds: number;
  policy: string | undefined;
  /** What takes the candidate back at once, beside the policy. */
  guard: ReturnType<typeof parseLimits>;
  /** What to do with one that is under way. */
  go: 'start' | 'resume' | 'cancel';
  adopt: boolean;
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags extends CandidateFlags, Omit<GuardWords, 'strategy' | 'bake' | 'force'> {
  endpoint: string;
  steps: string;
  bake: string;
  patience: string;
  policy?: string;
  resume?: boolean;
  cancel?: boolean;
  adopt?: boolean;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

const HELP = `
The candidate runs as a second variant of the endpoint and takes a growing share of the requests. After each step its errors
and latency are judged against production's by the policy of shadowctl report; predictions are not, for no request goes to
both. Pass goes on, fail returns all requests to production at once, and what is not decided pauses where it stands.
SageMaker guards no change of weights: limits and alarms are watched by this command, minute by minute, while it runs. One
that is exceeded, or in ALARM, returns all requests at once.
Exit codes: 0 all steps passed, 1 failed and returned, 3 paused: --resume goes on, --cancel returns.

Example:
  $ shadowctl rollout --endpoint weather --artifact model.tar.gz --steps 10%,25%,50%,100% --bake 30m`;

export function rolloutCommand(host: Host, run: Run<RolloutOptions> = lazy(() => import('./run.ts'))): Command {
  const command = new Command('rollout').requiredOption('--endpoint <name>', 'the endpoint');
  const named = addCandidateFlags(command.optionsGroup('The new model:'))
    .optionsGroup('Moving traffic:')
    .option('--steps <shares>', 'shares of the requests, rising, the last 100%', '10%,25%,50%,100%')
    .option('--bake <duration>', 'how long each step is watched at least', '10m')
    .option('--patience <duration>', 'how much longer a step that is not decided is watched before it pauses', '0s')
    .option('--policy <file>', 'what the candidate must prove, as for shadowctl report');
  return limitFlags(named, { rate5xx: '', rate4xx: '', increase: '', fleet: 'candidate' })
    .optionsGroup('Else:')
    .option('--resume', 'go on with a rollout that paused or was interrupted')
    .option('--cancel', 'return all requests to production and end the rollout')
    .option('--adopt', 'change an endpoint that shadowctl did not create; cleanup will never delete it')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(run, parse(flags)));
}

function parse(flags: Flags): RolloutOptions {
  if (flags.resume === true && flags.cancel === true)
    throw usage('--resume goes on and --cancel returns: give one of them.');
  const go = flags.resume === true ? 'resume' : flags.cancel === true ? 'cancel' : 'start';
  const named = flags.artifact ?? flags.algorithm ?? flags.image;
  if (go !== 'start' && named !== undefined)
    throw usage(`--${go} is about the rollout under way: it takes no --artifact, --algorithm or --image.`);
  const limit = [flags.max5xxRate, flags.max4xxRate, flags.maxLatency, flags.maxLatencyIncrease, flags.alarm];
  if (go !== 'start' && limit.some((one) => one !== undefined))
    throw usage(`--${go} keeps the limits and alarms that the rollout was begun with.`);
  return {
    endpoint: flags.endpoint,
    candidate: candidateFlags(flags),
    steps: parseSteps(flags.steps),
    bakeSeconds: parseSeconds('--bake', flags.bake),
    patienceSeconds: parseSeconds('--patience', flags.patience),
    policy: flags.policy,
    guard: parseLimits(flags),
    go,
    adopt: flags.adopt === true,
    plan: flags.plan === true,
    yes: flags.yes === true,
    format: flags.format,
  };
}

/** `10%,25%,100%` as rising shares. @throws Problem 'usage' */
export function parseSteps(text: string): number[] {
  const shares = text.split(',').map((part) => {
    const share = parsePercent(part);
    if (share === undefined || !(share > 0) || share > 1) {
      throw usage(`--steps ${text}: "${part.trim()}" is no share; write them like 10%,25%,50%,100%.`);
    }
    return share;
  });
  if (shares.some((share, index) => index > 0 && share <= (shares[index - 1] ?? 0)))
    throw usage(`--steps ${text}: the shares must rise.`);
  if (shares.at(-1) !== 1) throw usage(`--steps ${text}: the last step must be 100%.`);
  if (shares.length < 2)
    throw usage(`--steps ${text}: a single step is no rollout.`, 'Use shadowctl canary, or name more steps.');
  return shares;
}
