import { listModels } from '../../aws/sagemaker-lists.ts';
import { describeModel } from '../../aws/sagemaker.ts';
import { describeTransformJob, listTransformJobs } from '../../aws/transform-jobs.ts';
import { artifactsOf } from '../../resources/model.ts';
import { PROJECT_TAG, tagList } from '../../resources/tags.ts';
import type { ResourceRef } from '../../state/journal.ts';
import { runOf, tagSearch, type ByTag, type FoundByTag, type Tags } from '../tagged.ts';
import type { BatchOn } from './decision.ts';
import { folderOfJob } from './folder.ts';

/** So much of a batch's name every one of its jobs' names begins with, however `chooseName` shortens it. */
const KEPT_OF_NAME = 16;
/** So many names a sentence lists. */
const SHOWN = 3;

/**
 * Everything in the account and region that carries the tag of this batch and of this project: jobs, the folders that these write
 * to, models, uploads. Two projects may each have a batch of one name: what is of another is left, and said.
 */
export async function findBatchByTag(on: BatchOn): Promise<ByTag> {
  const { aws, batch, endpoint: owner, session } = on;
  const { signal } = session;
  const search = tagSearch(on);
  const { name: folder } = await session.project();
  const project = tagList({ project: folder, endpoint: owner, run: '' }).find(({ Key }) => Key === PROJECT_TAG)?.Value;
  const found: FoundByTag[] = [];
  const others: OfOthers[] = [];
  const claim = (ref: ResourceRef, tags: Tags | undefined): string | undefined => {
    const run = runOf(owner, tags);
    if (run === undefined) return undefined;
    if (tags?.[PROJECT_TAG] !== project) {
      others.push({ ref, project: tags?.[PROJECT_TAG] });
      return undefined;
    }
    found.push({ ...ref, run });
    return run;
  };

  for (const { name, tags } of await search.tagged('models of the account', () => listModels(aws, signal)))
    claim({ kind: 'model', name }, tags);
  const begins = batch.slice(0, KEPT_OF_NAME).replace(/-+$/, '');
  const jobs = async () => (await listTransformJobs(aws, begins, signal)).filter(({ name }) => name.startsWith(begins));
  const places = new Set<string>();
  for (const { name, tags } of await search.tagged(`transform jobs called ${begins}…`, jobs)) {
    const run = claim({ kind: 'transform-job', name }, tags);
    if (run === undefined) continue;
    const { output = '' } = (await describeTransformJob(aws, name, signal)) ?? {};
    const attempt = folderOfJob(batch, name, output);
    if (attempt === undefined)
      search.notKnown.push(
        `Whether what lies under ${output}, where job ${name} writes, is this batch's alone: cleanup leaves it.`,
      );
    else if (!places.has(attempt)) {
      places.add(attempt);
      found.push({ kind: 'batch-outputs', name: attempt, run });
    }
  }
  const uploads = await search.uploads();
  const own = others.length === 0 ? uploads : await ownUploads(on, uploads, found, others);
  found.push(...own);
  return {
    found,
    notKnown: [
      ...search.notKnown,
      ...othersWords(folder, others),
      ...sharedWords(uploads.filter((one) => !own.includes(one))),
      ...(await search.bucket()),
      ...untagged(places),
    ],
  };
}

/** Something with the tag of this batch that another project has made, or one that no tag names. */
interface OfOthers {
  ref: ResourceRef;
  project: string | undefined;
}

/** Uploads do not say of which project they are: their run does, and what a model of another needs stays. */
async function ownUploads(
  { aws, session }: BatchOn,
  uploads: readonly FoundByTag[],
  found: readonly FoundByTag[],
  others: readonly OfOthers[],
): Promise<FoundByTag[]> {
  const runs = new Set(found.map(({ run }) => run));
  const used = new Set<string>();
  for (const { ref } of others.filter((one) => one.ref.kind === 'model')) {
    const model = await describeModel(aws, ref.name, session.signal);
    for (const uri of model === undefined ? [] : artifactsOf(model)) used.add(uri);
  }
  return uploads.filter(({ name, run }) => runs.has(run) && !used.has(name));
}

function othersWords(folder: string, others: readonly OfOthers[]): string[] {
  const projects = [...new Set(others.map(({ project }) => project))];
  return projects.map((project) => {
    const names = named(others.filter((one) => one.project === project).map(({ ref }) => ref));
    const whose = project === undefined ? 'that of no project' : `that of project "${project}"`;
    const how = project === undefined ? '' : `; from a folder called ${project} it would go`;
    return `Whether this batch is meant by what carries its tag and ${whose} (${names}): the project here is "${folder}", as its folder is called, and cleanup leaves it${how}.`;
  });
}

function sharedWords(uploads: readonly ResourceRef[]): string[] {
  if (uploads.length === 0) return [];
  return [`Whether another project needs uploads of a batch of this name (${named(uploads)}): cleanup leaves them.`];
}

/** The first of them, and how many more there are. */
function named(refs: readonly ResourceRef[]): string {
  const names = refs.slice(0, SHOWN).map(({ name }) => name);
  return `${names.join(', ')}${refs.length > SHOWN ? ` and ${refs.length - SHOWN} more` : ''}`;
}

/** What cannot carry tags, or tells nothing by them. */
function untagged(folders: ReadonlySet<string>): string[] {
  const roots = [...new Set([...folders].map((one) => one.split('/').slice(0, -3).join('/')))];
  const where =
    roots.length === 0 ? 'where its outputs were to be' : `under ${roots.map((one) => `${one}/`).join(', ')}`;
  return [
    `Whether a day that was stopped before its first job left a folder ${where}: only jobs tell of theirs.`,
    'Whether somebody runs this batch from another copy of the project: their tags are the same.',
    'What its days came to: that lay beside the journal.',
  ];
}
