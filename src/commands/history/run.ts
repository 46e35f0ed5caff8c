import type { App, Outcome } from '../../app.ts';
import { records } from '../../ui/records.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { HistoryOptions } from './command.ts';
import { type Entry, historyOf } from './entries.ts';

/** Shows what the journal of this folder knows; AWS is asked only which account this is. */
export async function run(app: App, options: HistoryOptions): Promise<Outcome> {
  const entries = await onEndpoint(
    app,
    { endpoint: options.endpoint, command: 'history', readOnly: true },
    async (ground) => historyOf(ground.state()).slice(-options.last),
  );
  if (options.format === 'json') {
    app.io.out(JSON.stringify(entries, null, 2));
    return 'done';
  }
  if (entries.length === 0) {
    app.io.err(`The journal of this folder knows of nothing that was deployed to ${options.endpoint}.`);
    return 'done';
  }
  const rows = entries.map((entry) => [
    entry.at.slice(0, 16).replace('T', ' '),
    entry.command,
    `${entry.from ?? '–'} → ${entry.to}`,
    endingWords(entry),
    entry.by,
  ]);
  app.io.out(await records(app.io, ['when (UTC)', 'command', 'config', 'how it ended', 'by'], rows));
  return 'done';
}

function endingWords(entry: Entry): string {
  if (entry.ending === null) return 'not watched';
  const words = entry.ending.replaceAll('-', ' ');
  const alarms = entry.alarms.length === 0 ? '' : ` (${entry.alarms.join(', ')})`;
  const served = entry.requests === null ? '' : `, ${entry.requests} requests`;
  return `${words}${alarms}${served}`;
}
