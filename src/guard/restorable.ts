import type { Finding } from './finding.ts';

/** Something without which SageMaker could start no instance of a config, and which no longer exists. */
export type Lost =
  | { kind: 'model'; model: string }
  | { kind: 'artifact'; model: string; uri: string }
  /** As the model names it, by tag or digest. */
  | { kind: 'image'; model: string; image: string }
  | { kind: 'role'; model: string; role: string };

/** What of a model no longer exists, in words. */
export function lostText(lost: Lost): string {
  switch (lost.kind) {
    case 'model':
      return `model ${lost.model}`;
    case 'artifact':
      return `${lost.uri}, the artifact of model ${lost.model}`;
    case 'image':
      return `${lost.image}, the image of model ${lost.model}`;
    case 'role':
      return `${lost.role}, the role of model ${lost.model}`;
  }
}

/** `model a and s3://…, the artifact of model b, no longer exist` */
export function noLongerExist(lost: readonly Lost[]): string {
  const parts = lost.map((one) => (one.kind === 'model' ? lostText(one) : `${lostText(one)},`));
  return `${parts.join(' and ')} no longer ${lost.length === 1 ? 'exists' : 'exist'}`;
}

const PUT_BACK: Readonly<Record<Lost['kind'], string>> = {
  model: 'Create the model again under the same name.',
  artifact: 'Put the artifact back.',
  image: 'Push the image again.',
  role: 'Create the role again under the same name, with the same permissions.',
};

/** An endpoint that runs on as it is, and of which SageMaker could start no new instance. */
export function lostFindings(endpoint: string, lost: readonly Lost[]): Finding[] {
  return lost.map((one) => ({
    severity: 'blocking',
    check: `${one.kind}-missing`,
    subject: `endpoint ${endpoint}`,
    message: `${capitalized(noLongerExist([one]))}: SageMaker cannot start an instance for it, so it can neither scale nor be patched, and a rollback may fail.`,
    next: PUT_BACK[one.kind],
  }));
}

/** URIs and ARNs stay as they are. */
function capitalized(text: string): string {
  return text.startsWith('model ') ? `M${text.slice(1)}` : text;
}

/** Something behind a name that is another thing than when a config ran. */
export type Changed =
  /** The object has another ETag. */
  | { kind: 'artifact'; model: string; uri: string; before: string; after: string }
  /** The tag of the image names another digest; `gone`: ECR has the one from then no longer. */
  | { kind: 'image'; model: string; image: string; before: string; after: string; gone: boolean };

/** What has changed, in words. */
export function changedText(changed: Changed): string {
  const [before, after] = [short(changed.before), short(changed.after)];
  return changed.kind === 'artifact'
    ? `${changed.uri}, the artifact of model ${changed.model}, was written again since (ETag ${before}, now ${after})`
    : `${changed.image}, the image of model ${changed.model}, names another digest since (${before}${changed.gone ? ', which no longer exists' : ''}, now ${after})`;
}

/** The first digits are enough to tell two apart. */
function short(value: string): string {
  const digits = /[0-9a-f]{16,}/.exec(value)?.[0];
  return digits === undefined ? value : `${digits.slice(0, 12)}…`;
}

const NEXT: Readonly<Record<Changed['kind'], string>> = {
  artifact: 'Give each version an artifact of its own; a bucket with versions still has the old one.',
  image: 'Name images by their digest: deploy, canary, shadow and rollout do, with --pin-image.',
};

/** An endpoint whose instances would be started as something else than what runs. */
export function changedFindings(endpoint: string, changed: readonly Changed[]): Finding[] {
  return changed.map((one) => ({
    severity: 'warning',
    check: `${one.kind}-changed`,
    subject: `endpoint ${endpoint}`,
    message: `A new instance would not be what runs: ${changedText(one)}.`,
    next: NEXT[one.kind],
  }));
}
