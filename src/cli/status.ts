import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import type { AllStatus, EndpointStatus } from '../lifecycle/status.ts';
import type { Session } from '../lifecycle/session.ts';
import { formatFlag } from './flags/common.ts';
import { writeJson as writeJsonDocument } from './views/json.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import type { MirrorLookFlags } from './on-mirror/look.ts';

export interface StatusOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  format: 'text' | 'json';
  /** Watch an update that is under way until it has ended. */
  watch: boolean;
}

interface Flags extends PlaceFlags {
  watch?: boolean;
  all?: boolean;
  format: 'text' | 'json';
}

const HELP = `
Exit codes: 0 shown; with --watch 0 if the update took effect, 1 if it did not.

Example:
  $ shadowctl status --endpoint weather --watch`;

export function statusCommand(
  host: Host,
  start: Run<StatusOptions> = run,
  onMirror: Run<MirrorLookFlags> = lazy(async () => ({ run: (await import('./on-mirror/look.ts')).runStatus })),
): Command {
  const command = placeFlags(new Command('status'))
    .option('--all', 'every endpoint with a journal here, in this account and region (the default)')
    .option('--watch', 'watch any update that is under way to its end; changes nothing');
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) => {
      const { mirror, format } = flags;
      if (mirror === undefined) return host.start(start, parse(flags));
      placeOf(own, flags, { takes: ['format'] });
      return host.start(onMirror, { mirror, format });
    });
}

function parse({ endpoint, all, watch, format }: Flags): StatusOptions {
  if (endpoint !== undefined && all === true) throw usageError('Give either --endpoint NAME or --all.');
  if (watch === true && endpoint === undefined) throw usageError('--watch watches one endpoint: give --endpoint NAME.');
  if (watch === true && format === 'json')
    throw usageError(
      '--watch is for people, not for --format json.',
      text`For machines, use: ${shown('canary', { endpoint, resume: true, format: 'json' })}`,
    );
  return { endpoint, format, watch: watch === true };
}

/** Tells what stands. */
export async function run(app: App, { endpoint, format, watch }: StatusOptions): Promise<Outcome> {
  const { sessionOf } = await import('./session.ts');
  const session = sessionOf(app);
  await warnOfMistakes(app);
  if (endpoint === undefined) return tellAll(app, session, format);
  if (watch) {
    const ended = await follow(app, session, endpoint);
    if (ended !== undefined) return ended;
    app.io.err(`No update of ${endpoint} is under way.`);
  }
  const { statusOf } = await import('../lifecycle/status.ts');
  const status = await statusOf(session, endpoint);
  if (status.live === undefined && status.lastRun === undefined)
    throw endpointNotFound((await app.aws()).target, endpoint);
  if (format === 'json') return writeJson(app, status);
  await write(app, [status]);
  return 'done';
}

/** What stands is told whatever shadowctl.yaml says; the commands that would read these sections would refuse them. */
async function warnOfMistakes({ cwd, io, project }: App): Promise<void> {
  const settings = await project();
  const { policy, release, endpoints, file } = settings;
  if (file === undefined || (policy === undefined && release === undefined && Object.keys(endpoints).length === 0))
    return;
  const { mistakesIn } = await import('./flags/sections.ts');
  const found = await mistakesIn(cwd, settings);
  for (const { message } of found) io.alert(`warning: ${message}`);
}

async function tellAll(app: App, session: Session, format: StatusOptions['format']): Promise<Outcome> {
  const { statusOfAll } = await import('../lifecycle/status.ts');
  const { damagedProblem } = await import('../lifecycle/session.ts');
  const all = await statusOfAll(session);
  const damaged = damagedProblem(all.damaged);
  if (all.journaled.length === 0) throw damaged ?? nothingHeld(all);
  if (format === 'json') {
    await writeJson(app, all.statuses);
    if (damaged !== undefined) throw damaged;
    return 'done';
  }
  if (all.statuses.length === 0) {
    app.io.out(`Nothing exists in account ${all.account}, ${all.region}. What was done there:`);
    for (const endpoint of all.journaled) app.io.out(text`  ${shown('history', { endpoint })}`);
  }
  await write(app, all.statuses);
  if (damaged !== undefined) throw damaged;
  return 'done';
}

function nothingHeld({ account, region, place }: AllStatus) {
  return environmentError(
    `shadowctl manages nothing in account ${account}, ${region}: there is no journal in ${place}.`,
    lines(
      text`Look at any endpoint with: ${shown('status', { endpoint: 'NAME' })}`,
      'A journal is in the folder from which the endpoint was deployed.',
    ),
  );
}

async function writeJson(app: App, found: EndpointStatus | readonly EndpointStatus[]): Promise<Outcome> {
  const { statusJson } = await import('./views/status.ts');
  const json = Array.isArray(found) ? found.map(statusJson) : statusJson(found as EndpointStatus);
  writeJsonDocument(app.io, 'status', json);
  return 'done';
}

async function write(app: App, statuses: readonly EndpointStatus[]): Promise<void> {
  const { statusLines } = await import('./views/status.ts');
  for (const [index, status] of statuses.entries()) {
    if (index > 0) app.io.out();
    for (const line of await statusLines(app.io, status)) app.io.out(line);
  }
}

async function follow(app: App, session: Session, endpoint: string): Promise<Outcome | undefined> {
  const { followAnyUpdate } = await import('../lifecycle/follow-any-update.ts');
  const { watchedLines } = await import('./views/status.ts');
  const ended = await followAnyUpdate(session, endpoint);
  if (ended === undefined) return undefined;
  for (const line of watchedLines(app.io, ended)) app.io.out(line);
  const good = ended.kind === 'update' ? ended.ending.kind === 'updated' : ended.settled.kind === 'running';
  return good ? 'done' : 'no';
}
