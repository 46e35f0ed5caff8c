import { join } from 'node:path';
import type { App } from '../../app.ts';
import { readReleaseSettings, type ReleaseSettings } from '../../lifecycle/release/settings.ts';
import { releaseOfShadow } from '../../lifecycle/release/under-way.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { releaseSections } from '../release-parts.ts';
import { replay } from '../../state/replay.ts';

/** What shadowctl.yaml says of releases of an endpoint. @throws Problem (usage) with every mistake at once */
async function releaseSettings(app: Pick<App, 'project'>, endpoint: string): Promise<ReleaseSettings> {
  const project = await app.project();
  return readReleaseSettings(releaseSections(project, endpoint), project.file ?? 'shadowctl.yaml');
}

/** By what a release judges its shadow. */
export interface ReleaseJudgedBy {
  /** Its id. */
  release: string;
  /** As `--labels` takes them; undefined: none. */
  labels: string | undefined;
  /** As `--policy` takes it; undefined: as every report. */
  policy: string | undefined;
}

/** By what the shadow that an endpoint carries is judged, where a release has attached it. */
export async function judgedByRelease(
  app: Pick<App, 'aws' | 'journal' | 'project' | 'signal'>,
  endpoint: string,
): Promise<ReleaseJudgedBy | undefined> {
  const state = replay((await app.journal(endpoint)).events());
  const live = await describeEndpoint(await app.aws(), endpoint, app.signal);
  const release = releaseOfShadow(state, live?.EndpointConfigName);
  if (release === undefined) return undefined;
  const { labels, policy } = await releaseSettings(app, endpoint);
  const { root } = await app.project();
  const here = (words: string | undefined) =>
    words === undefined || words.startsWith('s3://') ? words : join(root, words);
  return { release: release.id, labels: here(labels), policy: here(policy) };
}
