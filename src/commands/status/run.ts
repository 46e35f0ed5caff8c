import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { cannotRun } from '../../base/errors.ts';
import { linesOf, printText, text } from '../../base/text.ts';
import { replay } from '../../state/replay.ts';
import type { ResourceKind } from '../../state/journal.ts';
import { journaledEndpoints } from '../../state/journals.ts';
import { plain } from '../../ui/io.ts';
import { records } from '../../ui/records.ts';
import { type Meaning, paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { StatusOptions } from './command.ts';
import { type EndpointStatus, inspect } from './inspect.ts';
import { isoSeconds, percent } from '../../base/units.ts';

/** Tells what stands. */
export async function run(app: App, options: StatusOptions): Promise<Outcome> {
  if (options.watch && options.endpoint !== undefined) {
    const { watch } = await import('./watch.ts');
    const ended = await watch(app, options.endpoint);
    if (ended !== undefined) return ended;
    app.io.err(`No update of ${options.endpoint} is under way.`);
  }
  const endpoints = options.endpoint === undefined ? await everyEndpoint(app, options) : [options.endpoint];
  const statuses: EndpointStatus[] = [];
  for (const endpoint of endpoints) {
    statuses.push(
      await onEndpoint(app, { endpoint, command: 'status', readOnly: true }, (ground) => inspect(app, ground)),
    );
  }
  const [only] = statuses;
  if (options.endpoint !== undefined && only?.live === undefined && only?.lastRun === undefined) {
    const { region } = (await app.aws()).target;
    throw noEndpoint({ region }, options.endpoint);
  }
  if (options.format === 'json')
    app.io.out(
      JSON.stringify(options.endpoint === undefined ? statuses.map(asJson) : only && asJson(only), undefined, 2),
    );
  else {
    for (const [index, status] of statuses.entries()) {
      if (index > 0) app.io.out();
      await tell(app, status);
    }
  }
  return 'done';
}

/** Those of which anything may stand: what cleanup has proven to be gone is left out. */
async function everyEndpoint(app: App, { format }: StatusOptions): Promise<string[]> {
  const { stateDir } = await app.project();
  const aws = await app.aws();
  const account = await aws.account();
  const endpoints = await journaledEndpoints(stateDir, account, aws.target.region);
  if (endpoints.length === 0) {
    throw cannotRun(
      `shadowctl holds nothing in account ${account}, ${aws.target.region}: there is no journal in ${stateDir}.`,
      'Look at any endpoint with: shadowctl status --endpoint NAME\nJournals lie in the folder the endpoint was deployed from.',
    );
  }
  const open: string[] = [];
  for (const endpoint of endpoints) if (!replay((await app.journal(endpoint)).events()).clean) open.push(endpoint);
  if (open.length === 0 && format === 'text') {
    app.io.out(`Nothing stands in account ${account}, ${aws.target.region}. What was done there:`);
    for (const endpoint of endpoints) app.io.out(`  shadowctl history --endpoint ${endpoint}`);
  }
  return open;
}

/** The same with sentences in place of texts. */
function asJson(status: EndpointStatus) {
  const { calibration } = status;
  return { ...status, calibration: calibration && { ...calibration, next: printText(calibration.next) } };
}

async function tell(app: App, status: EndpointStatus): Promise<void> {
  const { io } = app;
  const { live } = status;
  const lines = (text: string) => wrap(text, io.columns, '  ');
  const say = (text: string) => lines(text).forEach((line) => io.out(line));
  if (live === undefined) io.out(`Endpoint ${paint(io, 'name', status.endpoint)}: there is none.`);
  else {
    lines(
      `Endpoint ${status.endpoint}: ${live.status} on ${live.config} (${OWNERSHIP[live.ownership] ?? live.ownership}), modified ${isoSeconds(live.modified ?? 'never')}`,
    )
      .map((line) => line.replace(live.status, paint(io, meaningOf(live.status), live.status)))
      .forEach((line) => io.out(line));
    if (live.target !== undefined) say(`In progress, towards ${live.target}.`);
    if (live.progress !== undefined) say(`  ${plain(live.progress)}`);
    if (live.reason !== undefined) say(`Last reason AWS gave: ${plain(live.reason)}`);
    const fleets = [
      ...live.variants.map((one) => ({ ...one, what: one.role as string })),
      ...live.coming.map((one) => ({ ...one, what: `new ${one.role}` })),
    ];
    if (fleets.length > 0) {
      io.out();
      io.out(
        await records(
          io,
          ['variant', '', 'model', 'image', 'instances', 'weight'],
          fleets.map((one) => [
            one.name,
            one.what,
            one.model,
            one.image,
            `${ofDesired(one.instances)} × ${one.instanceType}`,
            ofDesired(one.weight),
          ]),
          '  ',
        ),
      );
    }
    if (live.capture !== undefined)
      say(
        `  Data capture: ${live.capture.on ? `on, ${live.capture.percent} % of the requests` : 'off'}, to ${live.capture.destination}`,
      );
  }
  if (status.rollout !== undefined) {
    const { model, step, steps, share, since } = status.rollout;
    const where = step === 0 ? 'before its first step' : `at step ${step} of ${steps}`;
    io.out();
    say(
      `Rollout under way, ${where}: ${model} takes ${percent(share)} of the requests${since === undefined ? '' : ` since ${since}`}.`,
    );
    say('To go on (or, with --cancel in place of --resume, back):');
    io.out(`  shadowctl rollout --endpoint ${status.endpoint} --resume`);
  }
  if (status.calibration !== undefined) {
    io.out();
    say(`${status.calibration.text}.`);
    // Whoever is at work on it brings it to its end.
    const ways = status.lock === undefined ? linesOf(status.calibration.next) : [];
    for (const way of ways) for (const line of layout(text`  ${way}`, io.columns, '  ', io.command)) io.out(line);
  }
  if (status.alarms.length > 0) {
    io.out();
    io.out(
      await records(
        io,
        ['alarm', 'state', 'reason'],
        status.alarms.map((alarm) => [alarm.name, alarm.state, alarm.state === 'OK' ? '' : alarm.reason]),
        '  ',
      ),
    );
  }
  io.out();
  const counts = Object.entries(status.counts).map(([kind, count]) => counted(kind as ResourceKind, count));
  say(`What stands of shadowctl's: ${counts.length === 0 ? 'nothing' : counts.join(', ')}.`);
  if (status.lastRun !== undefined)
    say(
      `Last change: \`${status.lastRun.command}\` by ${plain(status.lastRun.by)} at ${isoSeconds(status.lastRun.at)}.`,
    );
  if (status.lock !== undefined) say(`At work now: ${plain(status.lock)}.`);
  for (const step of status.open)
    say(`Begun and never heard of again: ${plain(step)}. The next command that changes anything asks AWS.`);
}

const OWNERSHIP: Readonly<Record<string, string>> = {
  created: 'ours',
  adopted: 'adopted',
  foreign: 'not ours',
  'unknown-here': "shadowctl's, but not from this folder",
};

const NAMES: Readonly<Record<ResourceKind, [one: string, many: string]>> = {
  endpoint: ['endpoint', 'endpoints'],
  model: ['model', 'models'],
  'endpoint-config': ['endpoint config', 'endpoint configs'],
  alarm: ['CloudWatch alarm', 'CloudWatch alarms'],
  's3-object': ['upload', 'uploads'],
  's3-bucket': ['bucket', 'buckets'],
  's3-prefix': ['folder of captures', 'folders of captures'],
  'log-group': ['log group', 'log groups'],
};

function counted(kind: ResourceKind, count: number): string {
  return `${count} ${NAMES[kind][count === 1 ? 0 : 1]}`;
}

function meaningOf(status: string): Meaning {
  if (status === 'InService') return 'good';
  return /Failed|OutOfService/.test(status) ? 'bad' : 'warning';
}

/** `3`, or `2 of 3` on the way there. */
function ofDesired(pair: { current: number | undefined; desired: number | undefined }): string {
  return pair.current === pair.desired || pair.desired === undefined
    ? String(pair.current ?? '?')
    : `${pair.current ?? 0} of ${pair.desired}`;
}
