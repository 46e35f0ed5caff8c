import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { shown, text } from '../base/text.ts';
import { counted } from '../base/units.ts';
import type { KeptJournal } from '../lifecycle/state.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions, formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

const MOVE_HELP = `
Moves every journal of this account and region, or one. The place they leave
says where they have gone. Commands find them there by \`state:\` in
shadowctl.yaml, SHADOWCTL_STATE or --state.

Examples:
  $ shadowctl state move --to s3://my-bucket/shadowctl
  $ shadowctl state move --state s3://my-bucket/shadowctl --to .shadowctl`;

const UNLOCK_HELP = `
Only for a lock whose holder has ended without releasing it, as after a crash
of another machine. A lock in a bucket runs out by itself a minute after its
holder has stopped renewing it.

Example:
  $ shadowctl state unlock --endpoint weather`;

export interface ShowOptions {
  action: 'show';
  format: 'text' | 'json';
}

export interface MoveOptions extends CommonOptions {
  action: 'move';
  to: string;
  /** Undefined: every endpoint's. */
  endpoint: string | undefined;
}

export interface UnlockOptions {
  format: 'text' | 'json';
  action: 'unlock';
  endpoint: string;
  yes: boolean;
}

export type StateOptions = ShowOptions | MoveOptions | UnlockOptions;

export function stateCommand(host: Host, start: Run<StateOptions> = run): Command {
  const command = new Command('state');
  formatFlag(command.command('show').description('show where the journals are, and who holds their locks')).action(
    ({ format }: { format: 'text' | 'json' }) => host.start(start, { action: 'show', format }),
  );
  commonFlags(
    command
      .command('move')
      .description('move the journals to another place: a folder, or s3://bucket/prefix')
      .requiredOption('--to <place>', 'a folder, or s3://bucket/prefix')
      .option('--endpoint <name>', 'only the journal of this endpoint'),
  )
    .addHelpText('after', MOVE_HELP)
    .action((flags: CommonFlags & { to: string; endpoint?: string }) =>
      host.start(start, { action: 'move', to: flags.to, endpoint: flags.endpoint, ...commonOptions(flags) }),
    );
  const unlocking = command
    .command('unlock')
    .description('remove a lock that its holder left behind')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('-y, --yes', 'do not ask');
  formatFlag(unlocking)
    .addHelpText('after', UNLOCK_HELP)
    .action(({ endpoint, yes, format }: { endpoint: string; yes?: boolean; format: 'text' | 'json' }) =>
      host.start(start, { action: 'unlock', endpoint, yes: yes === true, format }),
    );
  return command;
}

export async function run(app: App, options: StateOptions): Promise<Outcome> {
  if (options.action === 'show') return show(app, options);
  return options.action === 'move' ? move(app, options) : unlock(app, options);
}

async function show(app: App, { format }: ShowOptions): Promise<Outcome> {
  const { stateOf } = await import('../lifecycle/state.ts');
  const { sessionOf } = await import('./session.ts');
  const { io } = app;
  const state = await stateOf(sessionOf(app));
  if (format === 'json') {
    writeJson(io, 'state-show', { ...state });
    return 'done';
  }
  io.out(`Journals of account ${state.account}, ${state.region}, in ${state.place}`);
  if (state.journals.length === 0) io.out('There are none.');
  else {
    const { records } = await import('../ui/records.ts');
    const { describeHolder } = await import('../state/lock.ts');
    const row = ({ endpoint, events, changed, holder, watcher, ...journal }: KeptJournal) => [
      endpoint,
      String(events),
      (changed ?? '').slice(0, 16).replace('T', ' '),
      standingWords(journal),
      holder === undefined ? '' : describeHolder(holder),
      watcher === undefined ? '' : describeHolder(watcher),
    ];
    const head = ['endpoint', 'events', 'last (UTC)', 'left in AWS', 'locked by', 'watched by'];
    io.out(await records(io, head, state.journals.map(row)));
  }
  return 'done';
}

function standingWords({ standing, clean }: Pick<KeptJournal, 'standing' | 'clean'>): string {
  if (standing.kind === 'moved') return `moved to ${standing.to}`;
  if (standing.kind === 'arriving') return `being moved here from ${standing.from}`;
  return clean ? 'nothing: cleaned up' : 'yes';
}

async function move(app: App, { to, endpoint, plan, yes, format }: MoveOptions): Promise<Outcome> {
  const { movable, moveJournal } = await import('../lifecycle/state.ts');
  const { openState } = await import('../lifecycle/open-state.ts');
  const { sessionOf } = await import('./session.ts');
  const { confirm } = await import('./confirm.ts');
  const { io, clock, cwd } = app;
  const session = sessionOf(app);
  const settings = (await app.project()).state;
  const target = await openState(
    { ...settings, place: to, folder: cwd },
    { aws: () => app.aws(), clock, signal: app.signal },
  );
  const wanted = await movable(session, target, endpoint);
  const from = (await session.state()).place;
  const result = (moved: readonly unknown[]) =>
    writeJson(io, 'state-move', { from, to: target.place, journals: moved });
  if (plan) {
    if (format === 'json') result(wanted);
    else for (const one of wanted) io.out(`${one.endpoint}: ${counted(one.events, 'events')} to ${one.to}`);
    return 'pending';
  }
  const what = endpoint === undefined ? counted(wanted.length, 'journals') : `the journal of ${endpoint}`;
  await confirm(app, `Move ${what} from ${from} to ${target.place}`, yes);
  const moved = [];
  for (const one of wanted) {
    const done = await moveJournal(session, target, one.endpoint);
    moved.push(done);
    if (format === 'text') io.out(`${done.endpoint}: ${counted(done.events, 'events')} are now in ${done.to}`);
  }
  if (format === 'json') result(moved);
  else {
    io.out(`Write it into shadowctl.yaml, so that every command finds them:`);
    io.out(`  state: ${to}`);
  }
  return 'done';
}

async function unlock(app: App, { endpoint, yes, format }: UnlockOptions): Promise<Outcome> {
  const lifecycle = await import('../lifecycle/state.ts');
  const { describeHolder } = await import('../state/lock.ts');
  const { sessionOf } = await import('./session.ts');
  const { confirm } = await import('./confirm.ts');
  const session = sessionOf(app);
  const holder = await lifecycle.lockHolderOf(session, endpoint);
  const whose =
    holder === undefined ? 'one that has run out, or that nobody can read' : `that of ${describeHolder(holder)}`;
  await confirm(app, `Remove the lock of ${endpoint} (${whose})`, yes);
  const taken = await lifecycle.unlock(session, endpoint);
  if (format === 'json')
    writeJson(app.io, 'state-unlock', {
      endpoint,
      unlocked: taken !== undefined,
      holder: typeof taken === 'object' ? taken : null,
    });
  else if (taken === undefined) app.io.out(`The journal of ${endpoint} is not locked.`);
  else {
    app.io.out(`The lock of ${endpoint} is gone${taken === 'damaged' ? '' : `: ${describeHolder(taken)} held it`}.`);
    app.io.out(text`See what it left: ${shown('status', { endpoint })}`);
  }
  return 'done';
}
