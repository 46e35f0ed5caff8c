import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { OwnTraffic } from '../../lifecycle/traffic/with-traffic.ts';
import { payloadFlags, type PayloadFlags, payloadOptions } from './payloads.ts';
import { positiveNumber } from './values.ts';

/** What `trafficFlags` adds. */
export interface TrafficFlags extends PayloadFlags {
  traffic?: string;
  rate?: number;
}

const DEFAULT_RATE = 5;

/**
 * Adds the flags of commands that can send requests of their own while the endpoint is updated.
 * @param labels as for `payloadFlags`
 */
export function trafficFlags(command: Command, labels: { labels: boolean }): Command {
  const named = command.option(
    '--traffic <file>',
    'send requests from this CSV or JSON Lines file during the update, if there is no real traffic',
  );
  return payloadFlags(named, labels).option(
    '--rate <n>',
    `requests per second for --traffic (default: ${DEFAULT_RATE})`,
    positiveNumber('--rate'),
  );
}

/** What the flags ask for. @throws Problem (usage) for a rate, or how a file is read, without a file */
export function trafficOptions(flags: TrafficFlags): OwnTraffic | undefined {
  const { traffic, rate } = flags;
  if (rate !== undefined && traffic === undefined)
    throw usageError('--rate belongs to --traffic FILE, which was not given.');
  const file = payloadOptions(flags, traffic, '--traffic');
  return file === undefined ? undefined : { ...file, rate: rate ?? DEFAULT_RATE };
}
