import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { PayloadFile } from '../../lifecycle/traffic/payloads.ts';

/** What `payloadFlags` adds: how a file of payloads is read, alike for every command that sends one. */
export interface PayloadFlags {
  header?: boolean;
  labelColumn?: string;
  contentType?: string;
}

/**
 * Adds the flags that say how a file of payloads is read.
 *
 * @param labels whether `--labels` means the same column as `--label-column`: not where it names the labels of a report
 */
export function payloadFlags(command: Command, { labels }: { labels: boolean }): Command {
  return command
    .option('--header', 'the first line of the payload file is a header, and is not sent')
    .option('--no-header', 'the first line is data, though it looks like a header')
    .option(
      `${labels ? '--labels, ' : ''}--label-column <column>`,
      "column (name, number from 0, or 'column 3' as in reports: from 1) or JSON key with the label; not sent to the model",
    )
    .option('--content-type <type>', 'media type of the payloads (default: from the file)');
}

/**
 * A file of payloads as the flags describe it; undefined where there is none.
 * @param option the flag that names the file
 * @throws Problem (usage) for a description without a file
 */
export function payloadOptions(
  { header, labelColumn: labels, contentType }: PayloadFlags,
  file: string | undefined,
  option: string,
): Omit<PayloadFile, 'option'> | undefined {
  if (file !== undefined) return { file, header, labels, contentType };
  const lost = Object.entries({
    [header === false ? '--no-header' : '--header']: header,
    '--label-column': labels,
    '--content-type': contentType,
  });
  const [flag] = lost.find(([, value]) => value !== undefined) ?? [];
  // By which of its two names it was given is not known.
  if (flag === '--label-column')
    throw usageError(`A label column (--label-column "${labels}") belongs to ${option} FILE, which was not given.`);
  if (flag !== undefined) throw usageError(`${flag} belongs to ${option} FILE, which was not given.`);
  return undefined;
}
