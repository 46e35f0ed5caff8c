import { describeAlarms } from '../aws/cloudwatch.ts';
import { describeStack } from '../aws/cloudformation.ts';
import { AwsProblem } from '../aws/errors.ts';
import { type LogLine, logLines } from '../aws/logs.ts';
import { headObject, readObject } from '../aws/s3.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { subscribersOf } from '../aws/sns.ts';
import { environmentError } from '../base/errors.ts';
import { isObject, parsedJson } from '../base/json.ts';
import { shown, text } from '../base/text.ts';
import { type Session, viewEndpoint } from '../lifecycle/session.ts';
import { openRelease, type Release, releasesOf } from '../state/releases.ts';
import { atState } from './at-state.ts';
import { pipelineNames } from './names.ts';
import { tickRecordUri } from './places.ts';
import { PIPELINE_TAG } from './template/template.ts';

/** How a pipeline is. */
export interface PipelineStatus {
  endpoint: string;
  stack: string;
  /** AWS's word: `CREATE_COMPLETE`, …; undefined: there is no pipeline. */
  status: string | undefined;
  reason: string | undefined;
  state: string | undefined;
  page: string | undefined;
  topic: string | undefined;
  /** Of the topic; undefined: these credentials may not look. */
  subscriptions: { confirmed: number; pending: number } | undefined;
  /** The release under way, or the last one. */
  release: Release | undefined;
  /** What the last tick came to; undefined: there was none yet. */
  tick: LastTick | undefined;
  /** Alarms of the pipeline that fire. */
  alarms: readonly string[];
}

interface LastTick {
  /** ISO 8601. */
  at: string;
  result: string;
  because: string;
  waits: string | null;
  problem: string | null;
}

/** Looks at the stack of an endpoint's pipeline, its release, the last tick and its alarms. A stack without the pipeline's tag counts as none. */
export async function pipelineStatus(session: Session, endpoint: string): Promise<PipelineStatus> {
  const aws = await session.aws();
  const names = pipelineNames(endpoint);
  const found = await describeStack(aws, names.stack, session.signal);
  const stack = found?.tags[PIPELINE_TAG] === endpoint ? found : undefined;
  const { State: state, Page: page, Topic: topic } = stack?.outputs ?? {};
  const none = { endpoint, stack: names.stack, status: stack?.status, reason: stack?.reason };
  if (stack === undefined || state === undefined || s3Place(state) === undefined)
    return {
      ...none,
      state: undefined,
      page,
      topic,
      subscriptions: undefined,
      release: undefined,
      tick: undefined,
      alarms: [],
    };
  const there = atState(session, state);
  const account = await aws.account(endpoint);
  const release = await viewEndpoint(
    there,
    endpoint,
    async (on) => openRelease(on.state()) ?? releasesOf(on.state()).at(-1),
  );
  const tick = await lastTick(session, tickRecordUri(state, { account, region: aws.target.region, endpoint }));
  const alarms = await describeAlarms(aws, [names.alarms.failing, names.alarms.silent], session.signal);
  // Before the first tick, no metric is no silence.
  const fires = ({ AlarmName, StateValue }: (typeof alarms)[number]) =>
    StateValue === 'ALARM' ||
    (AlarmName === names.alarms.silent && StateValue === 'INSUFFICIENT_DATA' && tick !== undefined);
  return {
    ...none,
    state,
    page,
    topic,
    subscriptions: topic === undefined ? undefined : await subscriptionsOf(session, topic),
    release,
    tick,
    alarms: alarms.flatMap((one) => (fires(one) ? [one.AlarmName ?? ''] : [])),
  };
}

async function subscriptionsOf(session: Session, topic: string): Promise<PipelineStatus['subscriptions']> {
  try {
    return await subscribersOf(await session.aws(), topic, session.signal);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied) throw error;
    session.emit({
      kind: 'not-seen',
      unseen: { what: `whether anybody gets what is sent to ${topic}`, needs: error.missing },
    });
    return undefined;
  }
}

/** A line of JSON is smaller. */
const MAX_TICK = 64 * 1024;

async function lastTick(session: Session, uri: string): Promise<LastTick | undefined> {
  const aws = await session.aws();
  if ((await headObject(aws, uri)) === undefined) return undefined;
  const content = parsedJson(new TextDecoder().decode(await readObject(aws, uri, MAX_TICK, session.signal)));
  if (!isObject(content)) return undefined;
  const words = (key: string) => (typeof content[key] === 'string' ? content[key] : null);
  return {
    at: words('at') ?? '',
    result: words('result') ?? '',
    because: words('because') ?? '',
    waits: words('waits'),
    problem: words('problem'),
  };
}

/** More are read with the AWS CLI. */
const MAX_LINES = 10_000;

/**
 * What the function has printed since then, oldest first.
 * @param since milliseconds since the epoch
 * @throws Problem (cannot-run) where there is no pipeline
 */
export async function pipelineLog(session: Session, endpoint: string, since: number): Promise<LogLine[]> {
  const aws = await session.aws();
  const names = pipelineNames(endpoint);
  const stack = await describeStack(aws, names.stack, session.signal);
  if (stack?.tags[PIPELINE_TAG] !== endpoint)
    throw environmentError(
      `No pipeline is installed for endpoint "${endpoint}": there is no stack ${names.stack} of one.`,
      text`Install one: ${shown('pipeline install', { endpoint, watch: 's3://…' })}`,
    );
  return logLines(aws, { group: names.logGroup, start: since, limit: MAX_LINES, orStreams: true }, session.signal);
}
