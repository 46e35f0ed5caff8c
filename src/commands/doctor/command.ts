import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { parseSeconds, parseSize } from '../../cli/flags/quantities.ts';
import type { Size } from '../../guard/strategy.ts';
import { oneOf } from '../../cli/flags/values.ts';

export interface DoctorOptions {
  endpoint: string;
  /** Alarms by name; none: every alarm on this endpoint. */
  alarms: readonly string[];
  /** A JSON file with alarms that need not exist yet. */
  file: string | undefined;
  /** The bake the alarms are to fire in, in seconds. */
  bakeSeconds: number;
  canarySize: Size;
  /** The config a new fleet will run, where the alarms name one. */
  configName: string | undefined;
  format: 'text' | 'json';
}

interface Flags {
  endpoint: string;
  alarm?: string[];
  file?: string;
  bake: string;
  canarySize: string;
  configName?: string;
  format: 'text' | 'json';
}

export function doctorCommand(host: Host, run: Run<DoctorOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('doctor')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--alarm <name...>', 'examine these alarms (default: every alarm on the endpoint)')
    .option('--file <path>', 'examine alarms from a JSON file: PutMetricAlarm inputs or what describe-alarms prints')
    .option('--bake <duration>', 'the bake they are to fire in', '5m')
    .option('--canary-size <size>', 'how much of the fleet goes first', '1')
    .option('--config-name <name>', 'the config the new fleet will run')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing would make the guardrail a lie, 1 something would (marked ✖).\n\nExample:\n  $ shadowctl doctor --endpoint weather --bake 10m',
    )
    .action((flags: Flags) =>
      host.start(run, {
        endpoint: flags.endpoint,
        alarms: [...new Set(flags.alarm ?? [])],
        file: flags.file,
        bakeSeconds: parseSeconds('--bake', flags.bake),
        canarySize: parseSize('--canary-size', flags.canarySize),
        configName: flags.configName,
        format: flags.format,
      }),
    );
}
