import { createHash } from 'node:crypto';
import { bucketExists, deleteObject, headObject, listObjects } from '../aws/s3.ts';
import { readNotifications, writeNotifications } from '../aws/s3-notifications.ts';
import { putObject } from '../aws/s3-text.ts';
import { s3Uri } from '../aws/s3-uri.ts';
import { environmentError } from '../base/errors.ts';
import { lockEndpoint, openRun, type Session } from '../lifecycle/session.ts';
import { recordFact } from '../state/journal.ts';
import { atState } from './at-state.ts';
import type { FunctionCode } from './code/bundle.ts';
import { type Deployed, type DeployEvents, deployStack } from './deploy.ts';
import { pipelineNames } from './names.ts';
import { sendsEvents, withEvents } from './notifications.ts';
import { folderOf } from './places.ts';
import { BUCKET_TAG, type PipelinePlan, stateTag } from './plan.ts';
import type { FunctionSettings } from './settings.ts';
import { arnOf } from './template/roles.ts';
import type { PipelineSpec } from './template/spec.ts';
import { PIPELINE_TAG, pipelineTemplate, type Template } from './template/template.ts';

/** What is told while a pipeline is installed or removed. */
export interface PipelineEvents extends DeployEvents {
  /** Something was done: a sentence's end, like `stored the code of the function`. */
  done(words: string): void;
}

export interface Installed {
  kind: Deployed['kind'];
  stack: string;
  /** `s3://` URI of the journals. */
  state: string;
  /** Where the pages of questions are; undefined: there are none. */
  page: string | undefined;
  topic: string;
  /** The bucket of uploads was told to send its events to EventBridge: it did not before. */
  events: boolean;
}

/** The parts of a pipeline whose names come from what is in them. */
export interface PipelineFiles {
  spec: PipelineSpec;
  settings: string;
  code: FunctionCode;
}

/** What lies in the bucket for a pipeline, and the whole of what it is made of. Pure. */
export function filesOf({ spec, request, state }: PipelinePlan, code: FunctionCode): PipelineFiles {
  const { endpoint } = spec;
  const topic = arnOf(spec, 'sns', pipelineNames(endpoint).topic);
  const { notify } = request.settings as { notify?: string[] };
  const settings: FunctionSettings = {
    version: 1,
    name: request.project,
    endpoint,
    ...(request.watch !== undefined && { watch: request.watch }),
    adopt: request.adopt,
    wayBack: request.wayBack,
    project: { ...request.settings, notify: [topic, ...(notify ?? [])] },
  };
  const text = `${JSON.stringify(settings)}\n`;
  const hash = createHash('sha256').update(text).digest('hex');
  const folder = folderOf(state, spec).slice(`s3://${spec.state.bucket}/`.length);
  return {
    spec: {
      ...spec,
      code: { key: `${folder}code-${code.sha256}.zip` },
      settings: { key: `${folder}settings-${hash}.json` },
    },
    settings: text,
    code,
  };
}

/**
 * Installs a pipeline, or brings one up to date. Whatever it was killed in, the same command goes on: the stack is found by its
 * name, objects by their content, and the settings of the bucket of uploads are written down before they are changed.
 */
export async function installPipeline(
  session: Session,
  plan: PipelinePlan,
  code: FunctionCode,
  hooks: PipelineEvents,
): Promise<Installed> {
  const { spec, settings } = filesOf(plan, code);
  const { endpoint, state } = spec;
  const names = pipelineNames(endpoint);
  const there = atState(session, plan.state);
  const aws = await session.aws();
  if (spec.ownBucket && !(await bucketExists(aws, state.bucket))) {
    // The code must lie somewhere before there can be a function.
    await deploy(session, spec, pipelineTemplate(spec, 'bucket'), hooks);
  } else if (!(await bucketExists(aws, state.bucket)))
    throw environmentError(
      `There is no bucket "${state.bucket}", in which the journal is to be kept.`,
      'Create it, or leave --bucket out: the pipeline makes one.',
    );
  const uri = (key: string) => s3Uri({ bucket: state.bucket, key });
  await record(there, endpoint, {
    name: 'pipeline-installing',
    value: {
      stack: names.stack,
      code: uri(spec.code.key),
      settings: uri(spec.settings.key),
      ...(plan.request.watch !== undefined && { watch: plan.request.watch }),
      at: session.clock.now(),
    },
  });
  if ((await headObject(aws, uri(spec.code.key)))?.bytes !== code.zip.length) {
    await putObject(aws, uri(spec.code.key), { body: code.zip, type: 'application/zip' }, session.signal);
    hooks.done('stored the code of the function');
  }
  await putObject(aws, uri(spec.settings.key), { body: settings, type: 'application/json' }, session.signal);
  const { kind, stack } = await deploy(session, spec, pipelineTemplate(spec), hooks);
  const events = await turnEventsOn(there, spec);
  if (events)
    hooks.done(
      `told bucket ${spec.watch?.kind === 'uploads' ? spec.watch.bucket : ''} to send its events to EventBridge`,
    );
  await deleteOlder(session, plan, spec);
  await record(there, endpoint, {
    name: 'pipeline-installed',
    value: { stack: names.stack, at: session.clock.now() },
  });
  return {
    // The bucket came first, where the stack makes it: what is new is new all the same.
    kind: plan.stands ? kind : 'created',
    stack: names.stack,
    state: plan.state,
    page: stack.outputs.Page,
    topic: stack.outputs.Topic ?? arnOf(spec, 'sns', names.topic),
    events,
  };
}

function deploy(session: Session, spec: PipelineSpec, template: Template, hooks: DeployEvents): Promise<Deployed> {
  const tags = [
    ...Object.entries(spec.tags).map(([Key, Value]) => ({ Key, Value })),
    { Key: PIPELINE_TAG, Value: spec.endpoint },
    { Key: BUCKET_TAG, Value: spec.ownBucket ? 'own' : 'given' },
    ...stateTag(s3Uri(spec.state)),
  ];
  return deployStack(session, { name: pipelineNames(spec.endpoint).stack, template, tags }, hooks);
}

/** Writes a fact into the journal of the endpoint. */
export async function record(
  session: Session,
  endpoint: string,
  fact: Parameters<typeof recordFact>[1],
): Promise<void> {
  await lockEndpoint(session, { endpoint, command: 'pipeline' }, async (on) =>
    recordFact(await openRun(on, 'pipeline'), fact),
  );
}

/** @returns whether the bucket sent none before */
async function turnEventsOn(session: Session, { watch, endpoint }: PipelineSpec): Promise<boolean> {
  if (watch?.kind !== 'uploads') return false;
  const aws = await session.aws();
  const { bucket } = watch;
  const before = await readNotifications(aws, bucket, session.signal);
  const on = sendsEvents(before);
  await record(session, endpoint, {
    name: 'pipeline-events',
    value: { bucket, before: on, at: session.clock.now() },
  });
  if (on) return false;
  await writeNotifications(aws, bucket, withEvents(before), session.signal);
  return true;
}

/** What an earlier version of the pipeline was made of: nothing refers to it any more. */
async function deleteOlder(session: Session, plan: PipelinePlan, spec: PipelineSpec): Promise<void> {
  const aws = await session.aws();
  const { bucket } = spec.state;
  const folder = folderOf(plan.state, spec).slice(`s3://${bucket}/`.length);
  const kept = new Set([spec.code.key, spec.settings.key]);
  for await (const { key } of listObjects(aws, { bucket, key: folder }, session.signal))
    if (/\/(?:code|settings)-[0-9a-f]{64}\.\w+$/.test(key) && !kept.has(key))
      await deleteObject(aws, s3Uri({ bucket, key }));
}
