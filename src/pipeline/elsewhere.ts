import { headObject, readObject } from '../aws/s3.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { environmentError } from '../base/errors.ts';
import { parsedJson } from '../base/json.ts';
import type { Project } from '../base/project.ts';
import { shown, text } from '../base/text.ts';
import type { Session } from '../lifecycle/session.ts';
import type { RecordedFact } from '../state/facts.ts';
import { replay } from '../state/replay.ts';
import { projectOfFunction, readFunctionSettings } from './settings.ts';

/** A settings object is a shadowctl.yaml. */
const MAX_SETTINGS = 1024 * 1024;

/**
 * What holds for an endpoint that a pipeline looks after, wherever a command about its release is given: the settings of the
 * pipeline, and not those of the machine that an answer happens to come from.
 * @param own what stands in shadowctl.yaml there; folders, account and the like stay as it has them
 * @returns undefined where no pipeline is installed in this journal
 * @throws Problem (cannot-run) where its settings are gone
 */
export async function projectOfPipeline(
  session: Session,
  endpoint: string,
  own: Project,
): Promise<Project | undefined> {
  if (s3Place((await session.state()).place) === undefined) return undefined;
  const written = installedSettings(replay((await session.journal(endpoint)).events()).facts);
  if (written.length === 0) return undefined;
  const aws = await session.aws();
  for (const uri of written) {
    // One that is being installed may not be there yet, and one that was replaced is deleted.
    if ((await headObject(aws, uri)) === undefined) continue;
    const content = parsedJson(new TextDecoder().decode(await readObject(aws, uri, MAX_SETTINGS, session.signal)));
    const { role, tags, policy, endpoints, release, prices, notify } = projectOfFunction(
      readFunctionSettings(content, uri),
      own.root,
    );
    return { ...own, file: uri, role, tags, policy, endpoints, release, prices, notify };
  }
  throw environmentError(
    `A pipeline looks after endpoint "${endpoint}", and its settings are gone: ${written[0]}.`,
    text`Install it again: ${shown('pipeline install', { endpoint, watch: 's3://…' })}`,
  );
}

/** Where they lie, the newest first; none once the pipeline is removed. Pure. */
function installedSettings(facts: readonly RecordedFact[]): string[] {
  const removed = facts.findLastIndex(({ name }) => name === 'pipeline-removed');
  return facts
    .slice(removed + 1)
    .flatMap((fact) => (fact.name === 'pipeline-installing' ? [fact.value.settings] : []))
    .toReversed();
}
