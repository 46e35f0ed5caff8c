import { listAlarms } from '../aws/alarms.ts';
import { alarmTags } from '../aws/cloudwatch.ts';
import { AwsProblem } from '../aws/errors.ts';
import { glueDatabase } from '../aws/glue.ts';
import { endpointLogGroup, logGroupExists } from '../aws/logs.ts';
import { type Listed, listEndpointConfigs, listModels } from '../aws/sagemaker-lists.ts';
import { bucketExists, headObject, listObjects } from '../aws/s3.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { describeEndpoint, describeEndpointConfig, tagsOf } from '../aws/sagemaker.ts';
import { lookAside, orUnseen, type Unseen, unseenWords } from '../aws/unseen.ts';
import { athenaSettings } from '../base/project.ts';
import { alarmNames } from '../guard/alarms/plan.ts';
import { alarmOwnership } from '../resources/alarm-ownership.ts';
import { defaultBucket, ourPrefix } from '../resources/artifact/candidate.ts';
import { objectTags } from '../resources/resolve.ts';
import { ENDPOINT_TAG, RUN_TAG } from '../resources/tags.ts';
import type { FactValue } from '../state/facts.ts';
import type { ResourceRef } from '../state/journal.ts';
import { watches } from './doctor.ts';
import type { EndpointSession } from './session.ts';
import { readPart } from './warehouse/plan.ts';

/** Something that carries shadowctl's tags for an endpoint, with the run that created it. */
type FoundByTag = FactValue<'found'>;

/** What tags tell of an endpoint, and what they cannot. */
export interface ByTag {
  found: FoundByTag[];
  /** What stays unknown: whole sentences. */
  notKnown: string[];
}

/** How many tags are read side by side. */
const AT_ONCE = 8;

/**
 * Everything in the account and region that carries the tag of this endpoint, whatever its name: endpoint, configs, models,
 * alarms on the endpoint, uploads; and captures where a config that carries the tag has them written to shadowctl's own folder.
 */
export async function findByTag(on: EndpointSession): Promise<ByTag> {
  const { account, aws, endpoint, session } = on;
  const { signal } = session;
  const notKnown: string[] = [];
  const look = <T>(what: string, work: () => Promise<T>) =>
    orUnseen(what, work, (one) => void notKnown.push(`${unseenWords(one)}.`));
  const found: FoundByTag[] = [];
  const claim = (ref: ResourceRef, tags: Readonly<Record<string, string>> | undefined) => {
    const run = tags?.[RUN_TAG];
    if (tags?.[ENDPOINT_TAG] === endpoint && run !== undefined && run !== '') found.push({ ...ref, run });
  };

  const live = await describeEndpoint(aws, endpoint, signal);
  if (live !== undefined)
    claim(
      { kind: 'endpoint', name: endpoint },
      await look('the tags of the endpoint', () => tagsOf(aws, live.EndpointArn ?? '')),
    );
  for (const kind of ['endpoint-config', 'model'] as const) {
    const words = kind === 'model' ? 'models' : 'endpoint configs';
    const all =
      (await look(`the ${words} of the account`, () =>
        (kind === 'model' ? listModels : listEndpointConfigs)(aws, signal),
      )) ?? [];
    const tagged = await tagsOfAll(on, all);
    for (const { name, tags } of tagged) claim({ kind, name }, tags);
    const hidden = tagged.filter(({ tags }) => tags === undefined).length;
    if (hidden > 0)
      notKnown.push(
        `Whose ${hidden} of the ${all.length} ${words} of the account are: their tags may not be read (sagemaker:ListTags).`,
      );
  }
  const alarms = (await look('the alarms on the endpoint', () => listAlarms(aws, signal))) ?? [];
  // Whoever copies one of our alarms in the console copies its description, too, which says whose it is: of others, tags alone count.
  const names: readonly string[] = Object.values(alarmNames(endpoint));
  for (const alarm of alarms.filter((one) => watches(one, endpoint))) {
    const { AlarmName: name, AlarmArn } = alarm;
    const tags = () => (names.includes(name) ? alarmOwnership(aws, alarm) : alarmTags(aws, AlarmArn));
    claim({ kind: 'alarm', name }, await look(`the tags of alarm ${name}`, tags));
  }
  const prefix = ourPrefix(aws.target.region, account, endpoint);
  await look(`uploads under ${prefix}`, async () => {
    const place = s3Place(`${prefix}artifacts/`);
    if (place === undefined) return;
    for await (const { key } of listObjects(aws, place, signal)) {
      const name = `s3://${place.bucket}/${key}`;
      claim({ kind: 's3-object', name }, objectTags((await headObject(aws, name))?.metadata ?? {}));
    }
  });
  const captures = `${prefix}captures/`;
  for (const { kind, name, run } of [...found]) {
    if (kind !== 'endpoint-config' || found.some((one) => one.kind === 's3-prefix')) continue;
    const config = await look(`endpoint config ${name}`, () => describeEndpointConfig(aws, name, signal));
    if (`${config?.DataCaptureConfig?.DestinationS3Uri ?? ''}/`.startsWith(captures))
      found.push({ kind: 's3-prefix', name: captures, run });
  }
  found.push(...(await ofAthena(on, look, (one) => void notKnown.push(`${unseenWords(one)}.`))));
  const silent = await untagged(on, look);
  return { found, notKnown: [...notKnown, ...silent] };
}

/** What reports by Athena have made: a database says whose it is, and the folders of records name their run. */
async function ofAthena(
  { account, aws, endpoint, session }: EndpointSession,
  look: <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>,
  unseen: (one: Unseen) => void,
): Promise<FoundByTag[]> {
  const found: FoundByTag[] = [];
  const name = `${ourPrefix(aws.target.region, account, endpoint)}athena/`;
  await look(`records of Athena under ${name}`, async () => {
    const place = s3Place(name);
    if (place === undefined) return;
    for await (const { key } of listObjects(aws, place, session.signal)) {
      const run = key
        .split('/')
        .map(readPart)
        .find((part) => part !== undefined)?.run;
      if (run === undefined) continue;
      found.push({ kind: 'athena-data', name, run });
      return;
    }
  });
  const { athena: { database } = athenaSettings({}) } = await session.project();
  const kept = await lookAside(
    { aws, service: 'GLUE', what: `Glue database ${database}`, needs: `glue:GetDatabase on ${database}` },
    () => glueDatabase(aws, database, session.signal),
    unseen,
  );
  const { [ENDPOINT_TAG]: owner, [RUN_TAG]: run } = kept?.parameters ?? {};
  if (owner === endpoint && run !== undefined) found.push({ kind: 'glue-database', name: database, run });
  return found;
}

/** What cannot carry tags, or tells nothing by them. */
async function untagged(
  { account, aws, endpoint }: EndpointSession,
  look: <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>,
): Promise<string[]> {
  const group = endpointLogGroup(endpoint);
  const bucket = defaultBucket(aws.target.region, account);
  const [logs, there] = [
    await look(`log group ${group}`, () => logGroupExists(aws, group)),
    await look(`bucket ${bucket}`, () => bucketExists(aws, bucket)),
  ];
  return [
    ...(logs === true
      ? [`Whether log group ${group} holds the logs of shadowctl's endpoint alone: cleanup leaves it.`]
      : []),
    ...(there === true ? [`Whether shadowctl created bucket ${bucket}: cleanup leaves it.`] : []),
    'What the endpoint ran before, how updates ended, and what was adopted: only a journal tells.',
  ];
}

/** The tags of each; undefined where these credentials may not read them. */
async function tagsOfAll({ aws, session }: EndpointSession, all: readonly Listed[]) {
  const tagged: { name: string; tags: Record<string, string> | undefined }[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    session.signal.throwIfAborted();
    const looks = all.slice(at, at + AT_ONCE).map(({ name, arn }) => async () => ({
      name,
      tags: await tagsOf(aws, arn).catch((error: unknown) => {
        if (error instanceof AwsProblem && error.denied) return undefined;
        throw error;
      }),
    }));
    tagged.push(...(await session.clock.all(looks)));
  }
  return tagged;
}
