import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import type { GuardOptions } from '../lifecycle/guarded-update/start.ts';
import type { OwnTraffic } from '../lifecycle/traffic/with-traffic.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags, candidateSpec } from './flags/candidate.ts';
import { adoptFlag } from './flags/common.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { guardFlags, type GuardWords, OLD_FORCE, oldForceFlag, parseGuard, withoutOldForce } from './flags/guard.ts';
import { trafficFlags, type TrafficFlags, trafficOptions } from './flags/traffic.ts';

export interface CanaryOptions extends PricedOptions {
  endpoint: string;
  /** The candidate as named by the flags. */
  candidate: CandidateFlags;
  guard: GuardOptions;
  /** `--force` was given, which is called `--unguarded` now. */
  oldForce: boolean;
  /** Requests of our own during the update, for endpoints without any. */
  traffic: OwnTraffic | undefined;
  adopt: boolean;
  /** Only continue watching an update that is under way. */
  resume: boolean;
}

interface Flags extends CandidateFlags, GuardWords, TrafficFlags, PricedFlags {
  endpoint: string;
  adopt?: boolean;
  resume?: boolean;
}

const HELP = `
The new model goes to a part of the fleet first. Three alarms watch that part alone; when one fires, SageMaker returns all
traffic to the old fleet. The command compares the config that runs at the end with the one that was asked for.
Exit codes: 0 updated, 1 rolled back or otherwise not what was asked for.

Example:
  $ shadowctl canary --endpoint weather --artifact model.tar.gz --algorithm linear-learner --max-latency p99=250ms`;

export function canaryCommand(host: Host, start: Run<CanaryOptions> = run): Command {
  const command = new Command('canary').requiredOption(
    '--endpoint <name>',
    'the endpoint, which keeps its instances, capture and variant name',
  );
  const guarded = oldForceFlag(guardFlags(addCandidateFlags(command.optionsGroup('The new model:'))));
  const moved = adoptFlag(
    trafficFlags(guarded.optionsGroup('Own traffic:'), { labels: true }).optionsGroup('Other options:'),
  );
  return pricedFlags(
    moved.option('--resume', 'continue watching an update that is under way, after a crash or from another terminal'),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): CanaryOptions {
  const traffic = trafficOptions(flags);
  const named = flags.artifact ?? flags.algorithm ?? flags.image ?? flags.model ?? flags.modelPackage;
  if (flags.resume === true && named !== undefined)
    throw usageError('--resume continues watching what is under way: it takes no model.');
  if (flags.resume === true && flags.plan === true)
    throw usageError(
      '--resume only watches what is under way: it changes nothing, and so has no plan.',
      'Leave --plan out, or leave --resume out.',
    );
  return {
    endpoint: flags.endpoint,
    candidate: candidateFlags(flags),
    guard: parseGuard(withoutOldForce(flags)),
    oldForce: flags.force === true,
    traffic,
    adopt: flags.adopt === true,
    resume: flags.resume === true,
    ...pricedOptions(flags),
  };
}

/** Puts the model on the endpoint under guardrails; shows how that ended, with the evidence. */
export async function run(app: App, options: CanaryOptions): Promise<Outcome> {
  const { canary, resumeCanary } = await import('../lifecycle/canary.ts');
  const { guardedSession, reportFinished, reportPlanned } = await import('./guarded.ts');
  if (options.oldForce) app.io.err(OLD_FORCE);
  const session = guardedSession(app, options);
  if (options.resume) return reportFinished(app, 'canary', options.format, await resumeCanary(session, options));
  const candidate = candidateSpec(options.candidate, app.cwd);
  const result = await canary(session, { ...options, candidate });
  if (result.kind === 'detaches-first') {
    const { reportDetachesFirst } = await import('./views/settled.ts');
    return reportDetachesFirst(app.io, options.format, result);
  }
  return result.kind === 'planned'
    ? reportPlanned(app, 'canary', options.format, result.plan)
    : reportFinished(app, 'canary', options.format, result);
}
