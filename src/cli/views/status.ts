import { unseenWords } from '../../aws/unseen.ts';
import { printText, shown, type Text, text } from '../../base/text.ts';
import { isoSeconds, percent } from '../../base/units.ts';
import type { WatchedEnd } from '../../lifecycle/follow-any-update.ts';
import type { EndpointStatus } from '../../lifecycle/status.ts';
import type { ResourceKind, ResourceRef } from '../../state/journal.ts';
import { type Io, plain } from '../../ui/io.ts';
import { records } from '../../ui/records.ts';
import { type Meaning, paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { driftJson, driftTexts, terraformJson, terraformTexts } from './drift.ts';
import { afterStatus, nextLines } from './next.ts';
import { imageText } from './steps.ts';

/** What stands of an endpoint, as `status --json` prints it: sentences where the value has parts, as version 0.1 wrote it. */
export function statusJson(status: EndpointStatus) {
  const { live, calibration, release, open, lock, watcher, drift, terraform } = status;
  const image = <V extends { image: string }>(variant: V): V => ({ ...variant, image: imageText(variant.image) });
  return {
    ...status,
    live: live && { ...live, variants: live.variants.map(image), coming: live.coming.map(image) },
    release: release && { ...release, next: printText(release.next) },
    calibration: calibration && { ...calibration, next: printText(calibration.next) },
    drift: drift && driftJson(drift),
    terraform: terraform && terraformJson(terraform),
    open: open.map(openText),
    lock: lock && lockText(lock),
    watcher: watcher && lockText(watcher),
  };
}

function openText({ action, resource, at }: EndpointStatus['open'][number]): string {
  return `${action} ${resource}, begun ${isoSeconds(at)}`;
}

function lockText({ by, why, since }: NonNullable<EndpointStatus['lock']>): string {
  return `${by}${why === undefined ? '' : ` for \`${why}\``} since ${isoSeconds(since)}`;
}

/** How a change that was watched has ended. */
export function watchedLines(io: Pick<Io, 'columns'>, ended: WatchedEnd): string[] {
  if (ended.kind === 'update') return wrap(plain(ended.ending.sentence), io.columns, '  ');
  const { endpoint, config, settled } = ended;
  const how = settled.kind === 'running' ? `is in service on ${config}` : 'did not come into service';
  return [`Endpoint ${endpoint} ${how}.`];
}

/** What stands of an endpoint, for people. */
export async function statusLines(io: Io, status: EndpointStatus): Promise<string[]> {
  const lay = (texts: readonly Text[]) => texts.flatMap((words) => layout(words, io.columns, '  ', io.command));
  const next = afterStatus(status);
  return [
    ...(await endpointLines(io, status, lay)),
    ...underWayTexts(status).flatMap((words) => ['', ...lay([words])]),
    ...(await alarmLines(io, status)),
    ...timeBoxTexts(status).flatMap((words) => ['', ...lay([words])]),
    '',
    ...differenceTexts(status).flatMap((texts) => [...lay(texts), '']),
    ...lay(tagTexts(status)),
    ...lay(resourceTexts(status)),
    ...lay(commandTexts(status)),
    ...(next === undefined ? [] : nextLines(io, next)),
  ];
}

/** The endpoint as AWS shows it, with its variants. */
async function endpointLines(
  io: Io,
  { endpoint, live }: EndpointStatus,
  lay: (texts: readonly Text[]) => string[],
): Promise<string[]> {
  if (live === undefined) return [`Endpoint ${paint(io, 'name', endpoint)}: there is none.`];
  const { status, config, ownership, modified, target, progress, reason, capture } = live;
  const head = `Endpoint ${endpoint}: ${status} on ${config} (${OWNERSHIP[ownership] ?? ownership}), modified ${isoSeconds(modified ?? 'never')}`;
  return [
    ...wrap(head, io.columns, '  ').map((line) => line.replace(status, paint(io, meaningOf(status), status))),
    ...lay([
      ...(target === undefined ? [] : [`In progress, towards ${target}.`]),
      ...(progress === undefined ? [] : [`  ${plain(progress)}`]),
      ...(reason === undefined ? [] : [`Last reason AWS gave: ${plain(reason)}`]),
    ]),
    ...(await variantLines(io, live)),
    ...lay(
      capture === undefined
        ? []
        : [
            `  Data capture: ${capture.on ? `on, ${capture.percent} % of the requests` : 'off'}, to ${capture.destination}`,
          ],
    ),
  ];
}

async function variantLines(
  io: Io,
  { variants, coming }: NonNullable<EndpointStatus['live']>,
): Promise<readonly string[]> {
  const fleets = [
    ...variants.map((one) => ({ ...one, what: one.role as string })),
    ...coming.map((one) => ({ ...one, what: `new ${one.role}` })),
  ];
  if (fleets.length === 0) return [];
  const rows = fleets.map((one) => [
    one.name,
    one.what,
    one.model,
    imageText(one.image),
    one.idle === true
      ? `${one.instances.desired} × ${one.instanceType}, idle`
      : `${ofDesired(one.instances)} × ${one.instanceType}`,
    trafficWords(one),
  ]);
  return ['', await records(io, ['variant', '', 'model', 'image', 'instances', 'traffic'], rows, '  ')];
}

/** What goes on at the endpoint beside an update. */
function underWayTexts({ experiment, rollout, release, calibration }: EndpointStatus): Text[] {
  return [
    ...(experiment === undefined ? [] : [`${plain(experiment.text)}.`]),
    ...(rollout === undefined ? [] : [rolloutText(rollout)]),
    ...(release === undefined ? [] : [`${plain(release.text)}.`]),
    ...(calibration === undefined ? [] : [`${calibration.text}.`]),
  ];
}

function rolloutText({ model, step, steps, share, since }: NonNullable<EndpointStatus['rollout']>): string {
  const where = step === 0 ? 'before its first step' : `at step ${step} of ${steps}`;
  return `Rollout under way, ${where}: ${model} takes ${percent(share)} of the requests${since === undefined ? '' : ` since ${since}`}.`;
}

async function alarmLines(io: Io, { alarms }: EndpointStatus): Promise<readonly string[]> {
  if (alarms.length === 0) return [];
  const rows = alarms.map((alarm) => [alarm.name, alarm.state, alarm.state === 'OK' ? '' : alarm.reason]);
  return ['', await records(io, ['alarm', 'state', 'reason'], rows, '  ')];
}

/** When the shadow is to end. */
function timeBoxTexts({ timeBox }: EndpointStatus): Text[] {
  if (timeBox === undefined) return [];
  const until = isoSeconds(timeBox.until);
  return [
    timeBox.over
      ? `The shadow was to end at ${until}, and is still billed: the next command that changes the endpoint detaches it first.`
      : `The shadow is to end at ${until}.`,
  ];
}

/** Where the endpoint differs from what is recorded of it, or from Terraform's state. */
function differenceTexts({ drift, terraform }: EndpointStatus): (readonly Text[])[] {
  return [
    ...(drift === undefined ? [] : [driftTexts(drift)]),
    ...(terraform === undefined ? [] : [terraformTexts(terraform)]),
  ];
}

/** What tags tell of an endpoint that no journal here knows. */
function tagTexts({ endpoint, byTag }: EndpointStatus): Text[] {
  if (byTag === undefined) return [];
  const created = byTag.created === undefined ? '' : ` at ${isoSeconds(byTag.created)}`;
  const project = byTag.project === undefined ? '' : `, in project ${plain(byTag.project)}`;
  return [
    `From tags alone: shadowctl created it${created}${project}, and of what it runs with ${countedAll(byTag.ours)}.`,
    ...byTag.notKnown.map((what) => `  not known: ${what}`),
    text`To go on here with what tags tell: ${shown('adopt', { endpoint })}`,
  ];
}

function resourceTexts({ endpoint, counts, prunable }: EndpointStatus): Text[] {
  const kinds = Object.entries(counts).map(([kind, count]) => counted(kind as ResourceKind, count));
  const all = `Resources from shadowctl: ${kinds.length === 0 ? 'nothing' : kinds.join(', ')}.`;
  if (prunable.length === 0) return [all];
  return [
    all,
    text`Not needed any more, as far as this endpoint tells: ${countedAll(prunable)}. See what can go: ${shown('prune', { endpoint, plan: true })}`,
  ];
}

/** Commands that have changed, change or watch the endpoint, and what could not be seen of it. */
function commandTexts({ lastRun, watcher, lock, unseen, open }: EndpointStatus): Text[] {
  return [
    ...(lastRun === undefined
      ? []
      : [
          `Last change: \`${lastRun.command}\` by ${plain(lastRun.by)} at ${isoSeconds(lastRun.at)}${lastRun.ended === undefined ? '' : `: ${lastRun.ended.replaceAll('-', ' ')}`}.`,
        ]),
    ...(watcher === undefined ? [] : [`Watched now: ${plain(lockText(watcher))}.`]),
    ...(lock === undefined ? [] : [`Running now: ${plain(lockText(lock))}.`]),
    ...unseen.map((one) => plain(unseenWords(one))),
    ...open.map(
      (step) =>
        `Begun, outcome unknown: ${plain(openText(step))}. The next command that changes anything checks with AWS.`,
    ),
  ];
}

/** `33 %`; of a shadow `copy of 100 %` */
function trafficWords({ role, traffic }: { role: string; traffic: number | undefined }): string {
  if (traffic === undefined) return '?';
  const share = percent(Math.round(traffic * 1000) / 1000);
  return role === 'shadow' ? `copy of ${share}` : share;
}

/** Whose an endpoint is, in words. */
export const OWNERSHIP: Readonly<Record<string, string>> = {
  created: 'created by shadowctl',
  adopted: 'adopted',
  foreign: "without shadowctl's tag",
  'not-seen': 'owner unknown: its tags could not be read',
  'unknown-here': "shadowctl's by its tag, and in no journal here",
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
  'scalable-target': ['scalable target', 'scalable targets'],
  'transform-job': ['transform job', 'transform jobs'],
  'batch-outputs': ['folder of outputs', 'folders of outputs'],
  'glue-database': ['Glue database', 'Glue databases'],
  'athena-data': ['folder of evidence', 'folders of evidence'],
  'athena-look': ['look by Athena', 'looks by Athena'],
};

function counted(kind: ResourceKind, count: number): string {
  return `${count} ${NAMES[kind][count === 1 ? 0 : 1]}`;
}

/** `2 models, 1 upload` */
function countedAll(refs: readonly ResourceRef[]): string {
  const kinds = [...new Set(refs.map(({ kind }) => kind))];
  return kinds.map((kind) => counted(kind, refs.filter((one) => one.kind === kind).length)).join(', ');
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
