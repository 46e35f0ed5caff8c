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

/** The same for machines: as version 0.1 wrote it, with sentences where the value has parts. */
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
  const all: string[] = [];
  const put = (line = '') => void all.push(line);
  const { live } = status;
  const add = (words: Text) => all.push(...layout(words, io.columns, '  ', io.command));
  if (live === undefined) put(`Endpoint ${paint(io, 'name', status.endpoint)}: there is none.`);
  else {
    wrap(
      `Endpoint ${status.endpoint}: ${live.status} on ${live.config} (${OWNERSHIP[live.ownership] ?? live.ownership}), modified ${isoSeconds(live.modified ?? 'never')}`,
      io.columns,
      '  ',
    )
      .map((line) => line.replace(live.status, paint(io, meaningOf(live.status), live.status)))
      .forEach(put);
    if (live.target !== undefined) add(`In progress, towards ${live.target}.`);
    if (live.progress !== undefined) add(`  ${plain(live.progress)}`);
    if (live.reason !== undefined) add(`Last reason AWS gave: ${plain(live.reason)}`);
    const fleets = [
      ...live.variants.map((one) => ({ ...one, what: one.role as string })),
      ...live.coming.map((one) => ({ ...one, what: `new ${one.role}` })),
    ];
    if (fleets.length > 0) {
      put();
      put(
        await records(
          io,
          ['variant', '', 'model', 'image', 'instances', 'traffic'],
          fleets.map((one) => [
            one.name,
            one.what,
            one.model,
            imageText(one.image),
            one.idle === true
              ? `${one.instances.desired} × ${one.instanceType}, idle`
              : `${ofDesired(one.instances)} × ${one.instanceType}`,
            trafficWords(one),
          ]),
          '  ',
        ),
      );
    }
    if (live.capture !== undefined)
      add(
        `  Data capture: ${live.capture.on ? `on, ${live.capture.percent} % of the requests` : 'off'}, to ${live.capture.destination}`,
      );
  }
  if (status.experiment !== undefined) {
    put();
    add(`${plain(status.experiment.text)}.`);
  }
  if (status.rollout !== undefined) {
    const { model, step, steps, share, since } = status.rollout;
    const where = step === 0 ? 'before its first step' : `at step ${step} of ${steps}`;
    put();
    add(
      `Rollout under way, ${where}: ${model} takes ${percent(share)} of the requests${since === undefined ? '' : ` since ${since}`}.`,
    );
  }
  if (status.release !== undefined) {
    put();
    add(`${plain(status.release.text)}.`);
  }
  if (status.calibration !== undefined) {
    put();
    add(`${status.calibration.text}.`);
  }
  if (status.alarms.length > 0) {
    put();
    put(
      await records(
        io,
        ['alarm', 'state', 'reason'],
        status.alarms.map((alarm) => [alarm.name, alarm.state, alarm.state === 'OK' ? '' : alarm.reason]),
        '  ',
      ),
    );
  }
  if (status.timeBox !== undefined) {
    const { until, over } = status.timeBox;
    put();
    add(
      over
        ? `The shadow was to end at ${isoSeconds(until)}, and is still billed: the next command that changes the endpoint detaches it first.`
        : `The shadow is to end at ${isoSeconds(until)}.`,
    );
  }
  put();
  if (status.drift !== undefined) {
    driftTexts(status.drift).forEach(add);
    put();
  }
  if (status.terraform !== undefined) {
    terraformTexts(status.terraform).forEach(add);
    put();
  }
  const { byTag } = status;
  if (byTag !== undefined) {
    add(
      `From tags alone: shadowctl created it${byTag.created === undefined ? '' : ` at ${isoSeconds(byTag.created)}`}${byTag.project === undefined ? '' : `, in project ${plain(byTag.project)}`}, and of what it runs with ${countedAll(byTag.ours)}.`,
    );
    for (const what of byTag.notKnown) add(`  not known: ${what}`);
    add(text`To go on here with what tags tell: ${shown('adopt', { endpoint: status.endpoint })}`);
  }
  const counts = Object.entries(status.counts).map(([kind, count]) => counted(kind as ResourceKind, count));
  add(`Resources from shadowctl: ${counts.length === 0 ? 'nothing' : counts.join(', ')}.`);
  if (status.prunable.length > 0)
    add(
      text`Not needed any more, as far as this endpoint tells: ${countedAll(status.prunable)}. See what can go: ${shown('prune', { endpoint: status.endpoint, plan: true })}`,
    );
  if (status.lastRun !== undefined)
    add(
      `Last change: \`${status.lastRun.command}\` by ${plain(status.lastRun.by)} at ${isoSeconds(status.lastRun.at)}${status.lastRun.ended === undefined ? '' : `: ${status.lastRun.ended.replaceAll('-', ' ')}`}.`,
    );
  if (status.watcher !== undefined) add(`Watched now: ${plain(lockText(status.watcher))}.`);
  if (status.lock !== undefined) add(`Running now: ${plain(lockText(status.lock))}.`);
  for (const one of status.unseen) add(plain(unseenWords(one)));
  for (const step of status.open)
    add(`Begun, outcome unknown: ${plain(openText(step))}. The next command that changes anything checks with AWS.`);
  const next = afterStatus(status);
  if (next !== undefined) all.push(...nextLines(io, next));
  return all;
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
