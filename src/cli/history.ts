import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import type { HistoryEntry } from '../lifecycle/history.ts';
import { shown, text } from '../base/text.ts';
import { waiverWords } from '../report/content/waivers.ts';
import { plain } from '../ui/io.ts';
import { formatFlag } from './flags/common.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import type { MirrorLookFlags } from './on-mirror/look.ts';
import { wholeNumber } from './flags/values.ts';
import { writeJson } from './views/json.ts';

export interface HistoryOptions {
  endpoint: string;
  /** The newest so many. */
  last: number;
  format: 'text' | 'json';
}

const HELP = `
Lists what the journal in use has recorded: changes of the endpoint, reports that
waived gates, and verdicts in which a gate failed. Changes made without this
journal are not listed.

With --mirror, lists who answered at a mirror, and why.

Examples:
  $ shadowctl history --endpoint weather --last 5
  $ shadowctl history --mirror records`;

export function historyCommand(
  host: Host,
  start: Run<HistoryOptions> = run,
  onMirror: Run<MirrorLookFlags & { last: number }> = lazy(async () => ({
    run: (await import('./on-mirror/look.ts')).runHistory,
  })),
): Command {
  const command = placeFlags(new Command('history')).option(
    '--last <count>',
    'only the newest N',
    wholeNumber('--last', 1),
    20,
  );
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action((flags: PlaceFlags & Pick<HistoryOptions, 'last' | 'format'>, own: Command) => {
      const { endpoint = '', mirror = '', last, format } = flags;
      return placeOf(own, flags, { takes: ['last', 'format'] }) === 'mirror'
        ? host.start(onMirror, { mirror, last, format })
        : host.start(start, { endpoint, last, format });
    });
}

/** Shows what the journal of this folder knows. */
export async function run(app: App, { endpoint, last, format }: HistoryOptions): Promise<Outcome> {
  const { history } = await import('../lifecycle/history.ts');
  const { sessionOf } = await import('./session.ts');
  const entries = (await history(sessionOf(app), endpoint)).slice(-last);
  if (format === 'json') writeJson(app.io, 'history', entries);
  else if (entries.length === 0) app.io.err(`The journal of this folder has no deployments to ${endpoint}.`);
  else {
    const { records } = await import('../ui/records.ts');
    // A column of its own, which entries without a reason leave empty.
    const reasons = entries.some(({ reason }) => reason !== null) ? ['reason'] : [];
    const head = ['when (UTC)', 'command', 'config', 'how it ended', ...reasons, 'by'];
    app.io.out(
      await records(
        app.io,
        head,
        entries.map((entry) => row(entry, reasons.length > 0)),
      ),
    );
    const { nextLines } = await import('./views/next.ts');
    for (const line of nextLines(app.io, text`${shown('status', { endpoint })}`)) app.io.out(line);
  }
  return 'done';
}

function row(entry: HistoryEntry, withReason: boolean): string[] {
  return [
    entry.at.slice(0, 16).replace('T', ' '),
    entry.command,
    entry.from === null || entry.from === entry.to ? entry.to : `${entry.from} → ${entry.to}`,
    endingWords(entry),
    ...(withReason ? [plain(entry.reason ?? '')] : []),
    entry.caller === null ? entry.by : `${entry.by} (${shortArn(entry.caller)})`,
  ];
}

/** Of an ARN of STS or IAM what follows the account: `user/ann`, `assumed-role/deployer/ann`, `root`. */
function shortArn(arn: string): string {
  return /^arn:[^:]*:(?:iam|sts)::\d*:(.+)$/.exec(arn)?.[1] ?? arn;
}

function endingWords(entry: HistoryEntry): string {
  const { command, verdict, failed, passed } = entry;
  const forced = verdict?.forced === true ? `, forced (the verdict was ${verdict.outcome})` : '';
  // A report changes nothing.
  const judged = command === 'report' || failed.length + passed.length > 0;
  const gates = [
    ...(failed.length === 0 ? [] : [`, failed: ${failed.map(({ gate }) => gate).join(', ')}`]),
    ...(passed.length === 0 ? [] : [`, passed after it had failed: ${passed.join(', ')}`]),
  ].join('');
  const ended = judged ? `verdict: ${verdict?.outcome ?? 'unknown'}` : howItEnded(entry);
  const unguarded = entry.overruled.length === 0 ? '' : `, unguarded (overruled: ${entry.overruled.join(', ')})`;
  return `${ended}${gates}${forced}${unguarded}${entry.waived.map((one) => `, ${one.gate} waived: ${waiverWords(one)}`).join('')}`;
}

const NOW: Readonly<Record<NonNullable<HistoryEntry['now']>, string>> = {
  'under-way': 'under way',
  runs: 'in service; not watched to its end',
  watched: 'under way; a command watches it',
  paused: 'under way; nobody watches it',
};

function howItEnded({ ending, alarms, requests, now }: HistoryEntry): string {
  if (ending === null) return now === null ? 'not watched to its end' : NOW[now];
  const fired = alarms.length === 0 ? '' : ` (${alarms.join(', ')})`;
  const served = requests === null ? '' : `, ${requests} requests`;
  return `${ending.replaceAll('-', ' ')}${fired}${served}`;
}
