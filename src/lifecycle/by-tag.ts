import { listAlarms } from '../aws/alarms.ts';
import { alarmTags } from '../aws/cloudwatch.ts';
import type { Aws } from '../aws/clients.ts';
import { glueDatabase } from '../aws/glue.ts';
import { endpointLogGroup, logGroupExists } from '../aws/logs.ts';
import { listEndpointConfigs, listModels } from '../aws/sagemaker-lists.ts';
import { listObjects } from '../aws/s3.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { describeEndpoint, describeEndpointConfig, tagsOf } from '../aws/sagemaker.ts';
import { lookAside, type Unseen, unseenWords } from '../aws/unseen.ts';
import { athenaSettings } from '../base/project.ts';
import { alarmNames } from '../guard/alarms/plan.ts';
import { alarmOwnership } from '../resources/alarm-ownership.ts';
import { ourPrefix } from '../resources/artifact/candidate.ts';
import { ENDPOINT_TAG, RUN_TAG } from '../resources/tags.ts';
import type { ResourceRef } from '../state/journal.ts';
import { watches } from './doctor.ts';
import type { EndpointSession } from './session.ts';
import { runOf, tagSearch, type ByTag, type FoundByTag, type Tags } from './tagged.ts';
import { readPart } from './warehouse/plan.ts';

/**
 * Everything in the account and region that carries the tag of this endpoint, whatever its name: endpoint, configs, models,
 * alarms on the endpoint, uploads; and captures where a config that carries the tag has them written to shadowctl's own folder.
 */
export async function findByTag(on: EndpointSession): Promise<ByTag> {
  const { aws, endpoint, session } = on;
  const { signal } = session;
  const search = tagSearch(on);
  const { look, notKnown, prefix } = search;
  const found: FoundByTag[] = [];
  const claim = (ref: ResourceRef, tags: Tags | undefined) => {
    const run = runOf(endpoint, tags);
    if (run !== undefined) found.push({ ...ref, run });
  };

  const live = await describeEndpoint(aws, endpoint, signal);
  if (live !== undefined)
    claim(
      { kind: 'endpoint', name: endpoint },
      await look('the tags of the endpoint', () => tagsOf(aws, live.EndpointArn ?? '')),
    );
  for (const kind of ['endpoint-config', 'model'] as const) {
    const list = kind === 'model' ? listModels : listEndpointConfigs;
    const words = kind === 'model' ? 'models of the account' : 'endpoint configs of the account';
    for (const { name, tags } of await search.tagged(words, () => list(aws, signal))) claim({ kind, name }, tags);
  }
  const alarms = (await look('the alarms on the endpoint', () => listAlarms(aws, signal))) ?? [];
  // Whoever copies one of our alarms in the console copies its description, too, which says whose it is: of others, tags alone count.
  const names: readonly string[] = Object.values(alarmNames(endpoint));
  for (const alarm of alarms.filter((one) => watches(one, endpoint))) {
    const { AlarmName: name, AlarmArn } = alarm;
    const tags = () => (names.includes(name) ? alarmOwnership(aws, alarm) : alarmTags(aws, AlarmArn));
    claim({ kind: 'alarm', name }, await look(`the tags of alarm ${name}`, tags));
  }
  found.push(...(await search.uploads()));
  const captures = `${prefix}captures/`;
  for (const { kind, name, run } of [...found]) {
    if (kind !== 'endpoint-config' || found.some((one) => one.kind === 's3-prefix')) continue;
    const config = await look(`endpoint config ${name}`, () => describeEndpointConfig(aws, name, signal));
    if (`${config?.DataCaptureConfig?.DestinationS3Uri ?? ''}/`.startsWith(captures))
      found.push({ kind: 's3-prefix', name: captures, run });
  }
  found.push(...(await ofAthena(on, look, (one) => void notKnown.push(`${unseenWords(one)}.`))));
  const silent = await untagged(endpoint, aws, search);
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
async function untagged(endpoint: string, aws: Aws, search: ReturnType<typeof tagSearch>): Promise<string[]> {
  const group = endpointLogGroup(endpoint);
  const logs = await search.look(`log group ${group}`, () => logGroupExists(aws, group));
  return [
    ...(logs === true
      ? [`Whether log group ${group} holds the logs of shadowctl's endpoint alone: cleanup leaves it.`]
      : []),
    ...(await search.bucket()),
    'What the endpoint ran before, how updates ended, and what was adopted: only a journal tells.',
  ];
}
