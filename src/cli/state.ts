import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { counted } from '../base/units.ts';
import type { KeptJournal, MovedJournal } from '../lifecycle/state.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions, formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

const MOVE_HELP = `
Moves every journal of this account and region (of batches, too, with what their
days came to), or one. The place they leave
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
  /** One of the two. */
  endpoint: string | undefined;
  batch: string | undefined;
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
    .option('--endpoint <name>', 'the endpoint')
    .option('--batch <name>', 'the batch')
    .option('-y, --yes', 'do not ask');
  formatFlag(unlocking)
    .addHelpText('after', UNLOCK_HELP)
    .action((flags: { endpoint?: string; batch?: string; yes?: boolean; format: 'text' | 'json' }) => {
      const { endpoint, batch, yes, format } = flags;
      if ((endpoint === undefined) === (batch === undefined))
        throw usageError('Give either --endpoint NAME or --batch NAME.');
      return host.start(start, { action: 'unlock', endpoint, batch, yes: yes === true, format });
    });
  return command;
}

/** `state show`, `state move` and `state unlock`. */
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
  if (state.journals.length + state.batches.length === 0) io.out('There are none.');
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
    const batches = state.batches.map(({ batch, ...one }) => row({ endpoint: `batch ${batch}`, ...one }));
    io.out(await records(io, head, [...state.journals.map(row), ...batches]));
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
  const result = (moved: readonly MovedJournal[]) =>
    writeJson(io, 'state-move', {
      from,
      to: target.place,
      journals: moved.flatMap(({ of, ...one }) => (of === 'endpoint' ? [one] : [])),
      batches: moved.flatMap(({ of, endpoint: batch, ...one }) => (of === 'batch' ? [{ batch, ...one }] : [])),
    });
  const named = (one: MovedJournal) => (one.of === 'batch' ? `batch ${one.endpoint}` : one.endpoint);
  if (plan) {
    if (format === 'json') result(wanted);
    else for (const one of wanted) io.out(`${named(one)}: ${counted(one.events, 'events')} to ${one.to}`);
    return 'pending';
  }
  const what = endpoint === undefined ? counted(wanted.length, 'journals') : `the journal of ${endpoint}`;
  await confirm(app, `Move ${what} from ${from} to ${target.place}`, yes);
  const moved: MovedJournal[] = [];
  for (const one of wanted) {
    const done = await moveJournal(session, target, one);
    moved.push(done);
    if (format === 'text') io.out(`${named(done)}: ${counted(done.events, 'events')} are now in ${done.to}`);
  }
  if (format === 'json') result(moved);
  else {
    io.out(`Write it into shadowctl.yaml, so that every command finds them:`);
    io.out(`  state: ${to}`);
  }
  return 'done';
}

async function unlock(app: App, { endpoint, batch, yes, format }: UnlockOptions): Promise<Outcome> {
  const lifecycle = await import('../lifecycle/state.ts');
  const { describeHolder } = await import('../state/lock.ts');
  const { sessionOf } = await import('./session.ts');
  const { confirm } = await import('./confirm.ts');
  const session = sessionOf(app);
  const locked = batch === undefined ? { endpoint: endpoint ?? '' } : { batch };
  const name = batch === undefined ? `${endpoint}` : `batch ${batch}`;
  const holder = await lifecycle.lockHolderOf(session, locked);
  const whose = holder === undefined ? 'one that has expired or cannot be read' : `that of ${describeHolder(holder)}`;
  await confirm(app, `Remove the lock of ${name} (${whose})`, yes);
  const taken = await lifecycle.unlock(session, locked);
  if (format === 'json')
    writeJson(app.io, 'state-unlock', {
      ...locked,
      unlocked: taken !== undefined,
      holder: typeof taken === 'object' ? taken : null,
    });
  else if (taken === undefined) app.io.out(`The journal of ${name} is not locked.`);
  else {
    app.io.out(`The lock of ${name} is gone${taken === 'damaged' ? '' : `: ${describeHolder(taken)} held it`}.`);
    app.io.out(
      batch === undefined
        ? text`See what it left: ${shown('status', { endpoint })}`
        : text`See what it left: ${shown('batch status', { batch })}`,
    );
  }
  return 'done';
}
