import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import type { Target } from '../lifecycle/events.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import type { MirrorKeepFlags } from './on-mirror/back.ts';
import { parseTarget } from '../lifecycle/targets.ts';

export interface KeepOptions extends PricedOptions {
  endpoint: string;
  /** Why, for the journal. */
  reason: string | undefined;
  configName: string | undefined;
  /** Who is told, in addition to those of shadowctl.yaml. */
  notify: readonly Target[];
}

interface Flags extends PlaceFlags, PricedFlags {
  shadow?: string;
  reason?: string;
  configName?: string;
  notify?: string[];
}

const HELP = `
With --mirror the live side of a mirror stays, and the shadow is sent nothing any more.

Examples:
  $ shadowctl keep --endpoint weather --reason 'the shadow is slower'
  $ shadowctl keep --mirror records`;

const OF_MIRRORS = { takes: ['reason', 'notify', 'plan', 'yes', 'format'], alone: ['shadow'] };

export function keepCommand(
  host: Host,
  start: Run<KeepOptions> = run,
  onMirror: Run<MirrorKeepFlags> = lazy(async () => ({ run: (await import('./on-mirror/back.ts')).runKeep })),
): Command {
  const command = placeFlags(new Command('keep'), 'the endpoint with the shadow')
    .option('--shadow <name>', 'of a mirror: which shadow, where there are several')
    .option('--reason <text>', 'the reason, for the journal')
    .option('--config-name <name>', 'name of the endpoint config without the shadow, if a new one is needed')
    .option('--notify <target...>', 'notify an SNS topic (ARN) or a webhook (URL) that the shadow has ended');
  return pricedFlags(command)
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) => {
      const { reason, configName, notify = [], endpoint = '', mirror = '', shadow } = flags;
      const common = { reason, notify: notify.map((one) => parseTarget(one)), ...pricedOptions(flags) };
      return placeOf(own, flags, OF_MIRRORS) === 'mirror'
        ? host.start(onMirror, { mirror, shadow, ...common })
        : host.start(start, { endpoint, configName, ...common });
    });
}

/** Ends the shadow; production keeps its model. */
export async function run(app: App, options: KeepOptions): Promise<Outcome> {
  const { keepProduction } = await import('../lifecycle/keep.ts');
  const { sessionOf } = await import('./session.ts');
  const { reportPlainUpdate } = await import('./views/settled.ts');
  const result = await keepProduction(sessionOf(app, options), options);
  return reportPlainUpdate(app.io, options.format, result);
}
