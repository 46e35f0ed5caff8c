import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { lines, shown, text } from '../base/text.ts';
import { dateAndTime, duration } from '../base/units.ts';
import { Problem, usageError } from '../base/errors.ts';
import type { ListedBatch } from '../lifecycle/batch/status.ts';
import type { EndpointList, ListedEndpoint } from '../lifecycle/list.ts';
import type { MirrorStatus } from '../lifecycle/mirror/status.ts';
import { formatFlag } from './flags/common.ts';
import { type PricedFlags, type Prices, priceFlag } from './flags/price.ts';
import { writeJson } from './views/json.ts';

export interface LsOptions {
  /** Of the account too, those that have no journal here. */
  all: boolean;
  /** Only the mirrors that were started from here: AWS is not asked. */
  mirrors: boolean;
  prices: Prices | undefined;
  format: 'text' | 'json';
}

interface LsFlags extends Pick<PricedFlags, 'price' | 'format'> {
  all?: boolean;
  mirrors?: boolean;
}

const HELP = `
Costs are of the instances alone: by --price, else prices: in shadowctl.yaml, else estimates (of common types, in us-east-1), else
AWS's price list where it may be read (pricing:GetProducts); otherwise the price is not known. "so far" takes the instances of
today: production's since the endpoint was created, a shadow's since it was attached.

Example:
  $ shadowctl ls --all`;

export function lsCommand(host: Host, start: Run<LsOptions> = run): Command {
  const command = new Command('ls')
    .option('--all', 'every endpoint of this account and region, those that have no journal here too')
    .option('--mirrors', 'only the mirrors that were started from here, without asking AWS');
  return formatFlag(priceFlag(command))
    .addHelpText('after', HELP)
    .action(({ all, mirrors, price: prices, format }: LsFlags) => {
      if (all === true && mirrors === true) throw usageError('Give either --all or --mirrors.');
      if (mirrors === true && prices !== undefined) throw usageError('--mirrors costs nothing: leave --price out.');
      return host.start(start, { all: all === true, mirrors: mirrors === true, prices, format });
    });
}

/** Lists the endpoints of this state, or of the account. */
export async function run(app: App, { all, mirrors: only, prices, format }: LsOptions): Promise<Outcome> {
  const { knownMirrors } = await import('../lifecycle/mirror/known.ts');
  const { relative } = await import('node:path');
  const mirrors = await knownMirrors((await app.project()).stateDir, (folder) => relative(app.cwd, folder) || '.');
  if (only) return listMirrors(app, mirrors, format);
  const { listOf } = await import('../lifecycle/list.ts');
  const { sessionOf } = await import('./session.ts');
  const { io } = app;
  const { damagedProblem } = await import('../lifecycle/session.ts');
  const { damaged, ...list } = await listOf(sessionOf(app, { prices }), { all }).catch((error: unknown) => {
    throw mirrors.length > 0 ? besideMirrors(error) : error;
  });
  const problem = damagedProblem(damaged);
  const { listBatches } = await import('../lifecycle/batch/status.ts');
  const batches = await listBatches(sessionOf(app));
  if (format === 'json') writeJson(io, 'ls', { ...list, mirrors: mirrors.map(mirrorFacts), batches });
  else {
    await write(app, list, all);
    if (mirrors.length > 0) await listMirrors(app, mirrors, format);
    if (batches.length > 0) await writeBatches(io, batches);
  }
  if (problem !== undefined) throw problem;
  return 'done';
}

async function writeBatches(io: App['io'], batches: readonly ListedBatch[]): Promise<void> {
  const { records } = await import('../ui/records.ts');
  const row = ({ batch, candidate, against, days, last, clean }: ListedBatch) => [
    batch,
    candidate ?? (clean ? 'cleaned up' : 'not known'),
    against ?? '',
    String(days),
    last ?? '',
  ];
  io.out(await records(io, ['batch', 'candidate', 'against', 'days', 'last'], batches.map(row)));
}

/** AWS is not there, and what needs no AWS is. */
function besideMirrors(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  const next = text`The mirrors that were started from here need no AWS: ${shown('ls', { mirrors: true })}`;
  const { kind, message, offersEmulator } = error;
  return new Problem(kind, message, { next: lines(error.next, next), cause: error, offersEmulator });
}

async function write({ io, clock }: App, list: Omit<EndpointList, 'damaged'>, all: boolean): Promise<void> {
  if (list.endpoints.length === 0) {
    io.out(
      all
        ? `There is no endpoint in account ${list.account}, ${list.region}.`
        : `There is no endpoint with a journal in ${list.place} in account ${list.account}, ${list.region}.`,
    );
    if (!all) io.err(text`Those of the whole account: ${shown('ls', { all: true })}`);
    return;
  }
  const { records } = await import('../ui/records.ts');
  const { OWNERSHIP } = await import('./views/status.ts');
  const now = clock.now();
  const row = (one: ListedEndpoint) => [
    one.endpoint,
    `${one.exists ? (one.status ?? '?') : one.owner === 'not-seen' ? 'not seen' : 'gone'}${one.release === undefined ? '' : `; release ${one.release.at}`}`,
    modelsOf(one),
    shadowOf(one, now),
    one.created === undefined ? '' : duration(wholeMinutes(now - Date.parse(one.created))),
    one.exists ? (OWNERSHIP[one.owner] ?? one.owner) : '',
    one.exists ? dollars(one.cost.hourly) : '',
    one.exists
      ? one.cost.hourly !== undefined && one.cost.soFar === undefined
        ? 'time not known'
        : dollars(one.cost.soFar)
      : '',
  ];
  const head = ['endpoint', 'status', 'production', 'shadow', 'age', 'owner', 'an hour', 'so far'];
  io.out(await records(io, head, list.endpoints.map(row), '', 'cells'));
  if (list.endpoints.some(({ cost }) => cost.hourly !== undefined)) {
    const { wrap } = await import('../ui/wrap.ts');
    for (const line of wrap(
      "Costs are of the instances alone: prices of --price and shadowctl.yaml, else estimates (us-east-1, from public sources), else AWS's price list.",
      io.columns,
    ))
      io.err(line);
  }
}

async function listMirrors(
  { io }: App,
  mirrors: readonly MirrorStatus[],
  format: LsOptions['format'],
): Promise<Outcome> {
  if (format === 'json') {
    writeJson(io, 'mirrors', { mirrors: mirrors.map(mirrorFacts) });
    return 'done';
  }
  if (mirrors.length === 0) {
    io.out('No mirror with records was started from here.');
    return 'done';
  }
  const { records } = await import('../ui/records.ts');
  const { partWords } = await import('./views/mirror-rollout.ts');
  const row = ({ mirror, running, live, shadows, state: { division, rollout } }: MirrorStatus) => [
    mirror,
    running ? 'running' : 'not running',
    live,
    shadows.map(({ name, side }) => `${name} ${side}`).join(', '),
    division === undefined ? '' : `${division.shadow}: ${partWords(division)}`,
    rollout === undefined ? '' : `${rollout.command}, step ${(rollout.step ?? 0) + 1} of ${rollout.steps.length}`,
  ];
  io.out(await records(io, ['mirror', 'status', 'live', 'shadows', 'answers too', 'under way'], mirrors.map(row)));
  return 'done';
}

function mirrorFacts({ mirror, running, live, shadows, wayBack, state: { division, rollout } }: MirrorStatus) {
  return { mirror, running, live, shadows, wayBack, division, rollout };
}

function modelsOf({ variants }: ListedEndpoint): string {
  return variants
    .filter(({ role }) => role === 'production')
    .map(({ model, instanceType, instances, coming }) => {
      const fleet = instanceType === undefined ? '' : ` on ${instances ?? '?'} × ${instanceType}`;
      return `${coming ? 'coming: ' : ''}${model ?? 'model not known'}${fleet}`;
    })
    .join(', ');
}

function shadowOf({ shadow }: ListedEndpoint, now: number): string {
  if (shadow === undefined) return '';
  const { model = 'model not known', since, until } = shadow;
  const ends =
    until === undefined
      ? ''
      : Date.parse(until) <= now
        ? `, was to end ${dateAndTime(Date.parse(until))} UTC`
        : `, until ${dateAndTime(Date.parse(until))} UTC`;
  if (since === undefined) return `${model}, since when is not known${ends}`;
  const at = Date.parse(since);
  return `${model}, since ${dateAndTime(at)} UTC (${duration(wholeMinutes(now - at))})${ends}`;
}

const wholeMinutes = (ms: number) => Math.max(0, Math.floor(ms / 60_000) * 60_000);

function dollars(amount: number | undefined): string {
  return amount === undefined ? 'price not known' : `about $${amount.toFixed(2)}`;
}
