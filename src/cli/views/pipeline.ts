import type { StackChange, StackEvent } from '../../aws/cloudformation.ts';
import type { LogLine } from '../../aws/logs.ts';
import { s3Uri } from '../../aws/s3-uri.ts';
import { shown, type Text, text } from '../../base/text.ts';
import { count, counted, dateAndTime, duration, MINUTE } from '../../base/units.ts';
import { dollars } from '../../guard/prices.ts';
import type { FunctionCode } from '../../pipeline/code/bundle.ts';
import type { Installed, PipelineEvents } from '../../pipeline/install.ts';
import { pipelineNames } from '../../pipeline/names.ts';
import type { PipelinePlan } from '../../pipeline/plan.ts';
import type { Removed, RemovePlan } from '../../pipeline/remove.ts';
import type { PipelineStatus } from '../../pipeline/status.ts';
import type { PipelineSpec } from '../../pipeline/template/spec.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import { placeLine } from './plan.ts';
import { releaseFacts } from './release.ts';

type ViewIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** What must lie where before a template that was printed can be deployed. */
export function templateNoteLines(io: Pick<Io, 'columns'>, spec: PipelineSpec, file: string | undefined): string[] {
  const { bucket } = spec.state;
  const code = s3Uri({ bucket, key: spec.code.key });
  const settings = s3Uri({ bucket, key: spec.settings.key });
  return wrap(
    `note: install uploads the code of the function to ${code}${file === undefined ? '' : ` (it was written to ${plain(file)})`} and its settings to ${settings} before it deploys this.`,
    io.columns,
    '  ',
  );
}

/** The plan of an installation: the stack, what the function watches, what it costs. */
export function installPlanLines(io: ViewIo, plan: PipelinePlan, code: FunctionCode): string[] {
  const { spec, place, request, cost, state, stands } = plan;
  const names = pipelineNames(spec.endpoint);
  const { watch } = spec;
  const line = (words: string) => wrap(`  ${words}`, io.columns, '    ');
  return [
    placeLine(place),
    `${stands ? 'Pipeline' : 'A new pipeline'} of endpoint ${paint(io, 'name', spec.endpoint)}: stack ${names.stack}`,
    ...line(
      watch === undefined
        ? 'starts nothing by itself: releases begin by hand'
        : watch.kind === 'uploads'
          ? `starts a release of each new model.tar.gz below s3://${watch.bucket}/${watch.prefix}; the bucket sends its events to EventBridge, everything else of its notifications stays`
          : request.release.registry === 'answers'
            ? `starts a release of each version of ${watch.group} that waits for approval, which its approval there answers`
            : `starts a release of each version of ${watch.group} that is approved`,
    ),
    ...line(`looks every ${duration(spec.everyMinutes * MINUTE)}, and when something happens`),
    ...line(`journal: ${state}${spec.ownBucket ? ' (the stack makes the bucket, and leaves it)' : ''}`),
    ...line(
      spec.emails.length === 0
        ? `mail: nobody is subscribed to topic ${names.topic} by this`
        : `mail: ${spec.emails.join(', ')}; each is asked to confirm once`,
    ),
    ...line(
      spec.link
        ? 'pages of questions: at an address of the function that is open to everybody; what counts is the token in a link'
        : 'no pages: answers by release approve, or in the registry',
    ),
    ...line(`after a promotion what ran before stays for ${duration(request.wayBack)}`),
    ...line(`code: ${count(code.zip.length)} bytes (${count(code.unpacked)} unpacked), ${spec.architecture}`),
    ...line(
      `Costs about ${dollars(cost.idle)} a month while nothing is under way, and about ${dollars(cost.busy)} with a release always under way (estimate for us-east-1, no free tier; the shadow's instances come on top)`,
    ),
  ];
}

/** Draws what happens, as chatter. */
export function drawPipeline(io: Io): PipelineEvents {
  return {
    changes: (changes) => changes.forEach((one) => io.err(changeLine(one))),
    event: (event) => eventLines(io, event).forEach((line) => io.err(line)),
    done: (words) => io.err(`${paint(io, 'good', '✓')} ${words}`),
  };
}

const SIGNS: Readonly<Record<string, string>> = { Add: '+', Modify: '~', Remove: '-' };

function changeLine({ action, logicalId, type, replacement }: StackChange): string {
  return `${SIGNS[action] ?? action} ${logicalId} (${type})${replacement ? ', made anew' : ''}`;
}

/** What begins is followed by what it came to: only that is worth a line. */
function eventLines(io: Io, { logicalId, type, status, reason }: StackEvent): string[] {
  if (status.endsWith('_FAILED'))
    return wrap(`${paint(io, 'bad', '✗')} ${logicalId} (${type}): ${plain(reason ?? status)}`, io.columns, '  ');
  return status.endsWith('_COMPLETE')
    ? [`${paint(io, 'good', '✓')} ${logicalId} (${type}) ${status.toLowerCase()}`]
    : [];
}

/** The plan of an installation, as JSON. */
export function planFacts({ spec, state, cost, stands, request }: PipelinePlan) {
  return {
    result: 'planned',
    endpoint: spec.endpoint,
    stack: pipelineNames(spec.endpoint).stack,
    stands,
    state,
    watch: request.watch ?? null,
    emails: spec.emails,
    link: spec.link,
    monthly: { idle: round(cost.idle), busy: round(cost.busy) },
  };
}

function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}

/** A pipeline that was installed, as JSON. */
export function installedFacts({ kind, stack, state, page, topic, events }: Installed) {
  return { result: kind, stack, state, page: page ?? null, topic, eventsTurnedOn: events };
}

/** A pipeline that was installed: its page, its journal, and whose addresses are still to be confirmed. */
export function installedLines(io: ViewIo, { spec }: PipelinePlan, { kind, state, page, stack }: Installed): Text[] {
  const { endpoint, emails } = spec;
  const what = { created: 'is installed', updated: 'is up to date', unchanged: 'was up to date' }[kind];
  return [
    `${paint(io, 'good', '✓')} The pipeline of endpoint ${endpoint} ${what} (stack ${stack}).`,
    ...(page === undefined ? [] : [`  pages:   ${page}`]),
    `  journal: ${state}`,
    ...(emails.length === 0
      ? []
      : wrap(
          `  Whoever is to get mail must follow the link that AWS sends: until then, they get none.`,
          io.columns,
          '  ',
        )),
    text`  Commands of yours go on with the same journal: ${shown('release status', { endpoint, state })}`,
    text`  See how it is: ${shown('pipeline status', { endpoint })}`,
  ];
}

/** A pipeline as it stands, for people. */
export function statusLines(io: ViewIo, status: PipelineStatus): Text[] {
  const { endpoint, stack, release, tick, alarms, subscriptions } = status;
  const line = (words: string) => wrap(words, io.columns, '  ');
  const bad = (words: string) => line(`${paint(io, 'warning', '!')} ${words}`);
  if (status.status === undefined)
    return [
      `No pipeline is installed for endpoint ${endpoint} (there is no stack ${stack}).`,
      text`Install one: ${shown('pipeline install', { endpoint, watch: 's3://…' })}`,
    ];
  return [
    ...line(`Pipeline of endpoint ${paint(io, 'name', endpoint)}: stack ${stack}, ${status.status}`),
    ...(status.reason === undefined ? [] : line(`  ${plain(status.reason)}`)),
    ...(status.state === undefined ? [] : line(`  journal: ${status.state}`)),
    ...(status.page === undefined ? [] : line(`  pages:   ${status.page}`)),
    ...(subscriptions === undefined
      ? []
      : line(`  mail:    ${counted(subscriptions.confirmed, 'confirmed subscriptions')} of ${status.topic}`)),
    ...(tick === undefined
      ? line('  No tick has ended yet.')
      : line(
          `  last tick: ${dateAndTime(Date.parse(tick.at))} UTC, ${tick.result}${tick.waits === null ? '' : ` (for ${tick.waits})`}`,
        )),
    ...(tick === undefined || tick.problem === null
      ? []
      : bad(`The last tick could not go on: ${plain(tick.problem)}`)),
    ...(subscriptions !== undefined && subscriptions.pending > 0
      ? bad(
          `${counted(subscriptions.pending, 'subscriptions')} not confirmed yet: whoever has the mail of AWS must follow its link.`,
        )
      : []),
    ...(subscriptions !== undefined && subscriptions.confirmed === 0 ? bad('Nobody gets mail.') : []),
    ...alarms.flatMap((name) => bad(`Alarm ${name} fires.`)),
    ...(release === undefined
      ? ['  No release yet.']
      : [
          ...line(
            `  release ${release.id} of ${plain(release.begun.source.name)}: ${release.ended?.outcome ?? release.at}, since ${dateAndTime(release.since)} UTC`,
          ),
          text`Where it stands: ${shown('release status', { endpoint, state: status.state })}`,
        ]),
    text`What it printed: ${shown('pipeline logs', { endpoint })}`,
  ];
}

/** A pipeline as it stands, as `pipeline status --format json` prints it. */
export function statusFacts(status: PipelineStatus) {
  const { endpoint, stack, release, tick, alarms, subscriptions } = status;
  return {
    endpoint,
    stack,
    status: status.status ?? null,
    reason: status.reason ?? null,
    state: status.state ?? null,
    page: status.page ?? null,
    topic: status.topic ?? null,
    subscriptions: subscriptions ?? null,
    release: release === undefined ? null : releaseFacts(release),
    tick: tick ?? null,
    alarms,
  };
}

/** Lines of the function's log, each with its time. */
export function logLinesOf(lines: readonly LogLine[]): string[] {
  return lines.map(({ at, message }) => `${dateAndTime(at)}  ${plain(message.trimEnd())}`);
}

/** The plan of a removal: what goes, and what stays in the bucket. */
export function removalPlanLines(io: ViewIo, plan: RemovePlan): string[] {
  const { endpoint, stack, off, stays, place, release, deleteBucket, state } = plan;
  const line = (words: string) => wrap(`  ${words}`, io.columns, '    ');
  return [
    placeLine(place),
    stack === undefined
      ? `There is no stack of a pipeline of endpoint ${endpoint}.`
      : `Removes the pipeline of endpoint ${paint(io, 'name', endpoint)}: stack ${stack.name}, its log, and what it keeps in the bucket`,
    ...off.flatMap((bucket) =>
      line(`bucket ${bucket} sends no events to EventBridge any more, as before: rules of your own on them get none`),
    ),
    ...stays.flatMap((bucket) => line(`bucket ${bucket} goes on sending events: another pipeline listens`)),
    ...(release === undefined ? [] : line(`release ${release} stays under way, but no pipeline continues it`)),
    ...line('the endpoint, its models and the history of its releases stay'),
    ...(deleteBucket === undefined
      ? state === undefined
        ? []
        : line(`the journal stays in ${state}`)
      : line(`bucket ${deleteBucket} is deleted if nothing is in it`)),
  ];
}

/** The plan of a removal, as JSON. */
export function removalFacts({ endpoint, stack, off, stays, release, state }: RemovePlan) {
  return {
    result: 'planned',
    endpoint,
    stack: stack?.name ?? null,
    off,
    stays,
    release: release ?? null,
    state: state ?? null,
  };
}

/** What became of a removal. */
export function removedLines(io: ViewIo, { endpoint }: RemovePlan, { stood, bucket }: Removed): string[] {
  return [
    stood
      ? `${paint(io, 'good', '✓')} The pipeline of endpoint ${endpoint} is removed; the endpoint stays as it is.`
      : `There was no pipeline of endpoint ${endpoint}.`,
    ...(bucket === undefined ? [] : [`${paint(io, 'good', '✓')} Bucket ${bucket} is deleted.`]),
  ];
}
