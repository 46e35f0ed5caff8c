import { describeModel } from '../../aws/sagemaker.ts';
import type { Aws } from '../../aws/clients.ts';
import type { BatchModel } from '../../analysis/batch/day.ts';
import { usageError } from '../../base/errors.ts';
import { shownStart, text } from '../../base/text.ts';
import { newRun } from '../../resources/apply.ts';
import { algorithmOfImage } from '../../resources/artifact/images.ts';
import { chooseName } from '../../resources/naming.ts';
import type { Step } from '../../resources/steps.ts';
import { batchOwner, tagList } from '../../resources/tags.ts';
import { begunBatch } from '../../state/batches.ts';
import { trackedResource } from '../../state/replay.ts';
import { checkCandidateNames, examineCandidate, namesModel, planModel } from '../candidate.ts';
import type { LockedEndpoint } from '../session.ts';
import type { BatchSettings } from './settings.ts';

/** What a batch judges, and what must be done for it to exist. */
export interface Candidate {
  /** What tells it from another candidate. */
  identity: string;
  model: string;
  image: string | undefined;
  steps: Step[];
  /** The run that makes it, as its tags say. */
  run: string;
}

/** Where a batch keeps what it uploads, and whose it is. */
type On = LockedEndpoint & { batch: string };

/**
 * The candidate's model: one that exists, or one that is made for the batch on its first day and is there for all others.
 * @throws Problem (usage) where the batch has judged another candidate, or the same beside something else
 */
export async function findCandidate(on: On, settings: BatchSettings): Promise<Candidate> {
  const { session, aws, batch } = on;
  const { candidate: spec, against } = settings;
  checkCandidateNames(spec);
  const begun = begunBatch(on.state());
  if (spec.pinImage === true)
    throw usageError(
      '--pin-image: a batch has no endpoint whose image it could name.',
      'Give the image by its digest.',
    );
  if (!namesModel(spec))
    throw usageError(
      'No candidate was named.',
      'Give --model NAME, --model-package ARN, or --artifact with --algorithm or --image.',
    );
  const live = against.kind === 'model' ? await describeModel(aws, against.model, session.signal) : undefined;
  if (against.kind === 'model' && live === undefined)
    throw usageError(
      `--against: there is no model "${against.model}" in ${aws.target.region}.`,
      text`See those that exist: ${{ program: 'aws', command: 'sagemaker list-models', options: { 'max-items': 20 }, incomplete: false }}`,
    );
  const checked = await examineCandidate(session, spec, live);
  const source = spec.model ?? spec.modelPackage ?? checked.local?.sha256 ?? checked.uri ?? '';
  const identity = spec.model === undefined ? `${source} ${checked.image}` : `model ${source}`;
  const beside = againstWords(against);
  if (begun !== undefined && (begun.candidate !== identity || begun.against !== beside))
    throw usageError(
      begun.candidate === identity
        ? `Batch "${batch}" compares its candidate with ${begun.against}, not with ${beside}.`
        : `Batch "${batch}" judges another candidate: ${begun.model}. Days of two candidates are no evidence of either.`,
      text`Give this one a batch of its own: ${shownStart('batch run', { batch: `${batch}-2` })}`,
    );
  const run = newRun(session.clock);
  if (spec.model !== undefined) {
    const found = await describeModel(aws, spec.model, session.signal);
    return { identity, model: spec.model, image: found?.PrimaryContainer?.Image, steps: [], run };
  }
  const taken = on.state().resources.map((tracked) => tracked.ref.name);
  const model = begun?.model ?? spec.modelName ?? chooseName(batch, 'model', session.clock.now(), taken);
  const exists = trackedResource(on.state(), { kind: 'model', name: model })?.state === 'exists';
  if (exists && (await describeModel(aws, model, session.signal)) !== undefined)
    return { identity, model, image: checked.image, steps: [], run };
  const project = await session.project();
  const tags = tagList({ project: project.name, endpoint: batchOwner(batch), run }, { ...project.tags, ...spec.tags });
  const steps = await planModel(on, spec, { model, tagList: tags }, checked, live);
  return { identity, model, image: checked.image, steps, run };
}

/** What the candidate is compared with: kept, and held against what is asked later. */
export function againstWords(against: BatchSettings['against']): string {
  if (against.kind === 'model') return `model ${against.model}`;
  return against.kind;
}

/** What a model answers as, where nobody says it: linear-learner has no CSV (facts 16.4). */
export function acceptOf(
  settings: Pick<BatchSettings, 'accept'>,
  contentType: string,
  image: string | undefined,
): string {
  if (settings.accept !== undefined) return settings.accept;
  return image !== undefined && algorithmOfImage(image)?.algorithm === 'linear-learner'
    ? 'application/jsonlines'
    : contentType;
}

/** A model as a day keeps it. */
export async function modelFacts(aws: Aws, name: string, signal: AbortSignal): Promise<BatchModel> {
  const found = await describeModel(aws, name, signal);
  const container = found?.PrimaryContainer ?? (found?.Containers?.length === 1 ? found.Containers[0] : undefined);
  const artifact = container?.ModelDataUrl ?? container?.ModelDataSource?.S3DataSource?.S3Uri;
  return {
    model: name,
    ...(artifact !== undefined && { artifact }),
    ...(container?.Image !== undefined && { image: container.Image }),
  };
}
