import type { Finding } from './finding.ts';

/** Something without which SageMaker could start no instance of a config, and which no longer exists. */
export type Lost = { kind: 'model'; model: string } | { kind: 'artifact'; model: string; uri: string };

export function lostText(lost: Lost): string {
  return lost.kind === 'model' ? `model ${lost.model}` : `${lost.uri}, the artifact of model ${lost.model}`;
}

/** Something behind a name that is another thing than when a config ran. */
export type Changed =
  /** The object has another ETag. */
  | { kind: 'artifact'; model: string; uri: string; before: string; after: string }
  /** The tag of the image names another digest. */
  | { kind: 'image'; model: string; image: string; before: string; after: string };

/** What has changed, in words. */
export function changedText(changed: Changed): string {
  const [before, after] = [short(changed.before), short(changed.after)];
  return changed.kind === 'artifact'
    ? `${changed.uri}, the artifact of model ${changed.model}, was written again since (ETag ${before}, now ${after})`
    : `${changed.image}, the image of model ${changed.model}, names another digest since (${before}, now ${after})`;
}

/** The first digits are enough to tell two apart. */
function short(value: string): string {
  const digits = /[0-9a-f]{16,}/.exec(value)?.[0];
  return digits === undefined ? value : `${digits.slice(0, 12)}…`;
}

const NEXT: Readonly<Record<Changed['kind'], string>> = {
  artifact: 'Give each version an artifact of its own; a bucket with versions still has the old one.',
  image: 'Name images by their digest: --pin-image.',
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
