import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { OwnTraffic } from '../../lifecycle/traffic/with-traffic.ts';
import { positiveNumber } from './values.ts';

/** What `trafficFlags` adds. */
export interface TrafficFlags {
  traffic?: string;
  rate?: number;
}

const DEFAULT_RATE = 5;

/** Adds the flags of commands that can send requests of their own while the endpoint is updated. */
export function trafficFlags(command: Command): Command {
  return command
    .option(
      '--traffic <file>',
      'send requests from this CSV or JSON Lines file during the update, if there is no real traffic',
    )
    .option('--rate <n>', `requests per second for --traffic (default: ${DEFAULT_RATE})`, positiveNumber('--rate'));
}

/** What the flags ask for. @throws Problem (usage) for a rate without a file */
export function trafficOptions({ traffic, rate }: TrafficFlags): OwnTraffic | undefined {
  if (rate !== undefined && traffic === undefined)
    throw usageError('--rate belongs to --traffic FILE, which was not given.');
  return traffic === undefined ? undefined : { file: traffic, rate: rate ?? DEFAULT_RATE };
}
