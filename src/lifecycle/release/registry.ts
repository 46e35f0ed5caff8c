import { describeModelPackage } from '../../aws/sagemaker.ts';
import type { Release, ReleaseSource, ReleaseTerms } from '../../state/releases.ts';
import type { Session } from '../session.ts';
import { answerUntil } from './machine.ts';

const PENDING = 'PendingManualApproval';

/** The terms of a release of this source: an approval in the Model Registry answers only of what waited for one when it began. */
export async function termsFor(session: Session, terms: ReleaseTerms, source: ReleaseSource): Promise<ReleaseTerms> {
  if (terms.registry !== 'answers') return terms;
  const waits = source.kind === 'model-package' && (await statusOf(session, source.name))?.status === PENDING;
  return waits ? terms : { ...terms, registry: 'starts' };
}

/** Whether an approval in the Model Registry answers its questions. Pure. */
export function answersInRegistry({ begun }: Pick<Release, 'begun'>): boolean {
  return begun.terms.registry === 'answers' && begun.source.kind === 'model-package';
}

/** What the registry says of a version. */
interface RegistryStatus {
  status: string;
  /** Who gave it, as far as AWS tells. */
  by: string;
  /** When it was last changed, by AWS's clock, ms since the epoch; undefined where AWS does not say. */
  changed: number | undefined;
}

/** Undefined where it is gone. */
export async function statusOf(session: Session, arn: string): Promise<RegistryStatus | undefined> {
  const found = await describeModelPackage(await session.aws(), arn, session.signal);
  if (found === undefined) return undefined;
  const { ModelApprovalStatus: status = '', LastModifiedBy: by, LastModifiedTime: changed } = found;
  const who = by?.IamIdentity?.Arn ?? by?.UserProfileName;
  return {
    status,
    by: who === undefined ? 'the Model Registry' : `${who}, in the Model Registry`,
    changed: changed?.getTime(),
  };
}

/** Until the update has begun, an approval can be taken back. */
const BEFORE_THE_UPDATE: ReadonlySet<Release['at']> = new Set([
  'begun',
  'attaching',
  'gathering',
  'asking',
  'approved',
]);

/** Whether what the registry says can still change anything: nobody has said no, and the update has not begun. Pure. */
export function hearsRegistry(release: Release): boolean {
  const { answer, at, leaving } = release;
  if (!answersInRegistry(release) || (answer !== undefined && answer.answer !== 'approve')) return false;
  return BEFORE_THE_UPDATE.has(at) || (at === 'detaching' && leaving?.why === 'to-promote');
}

/**
 * What the status in the registry answers. A no counts until the update has begun, after an approval too. A yes counts for a
 * question only: one that was given before it counts for a pass that nobody was asked about before, and for nothing else; then
 * only a change counts. One that was given after the time for answers counts for nothing, however late it is looked at. Pure.
 */
export function answerOf(
  release: Release,
  { status, changed }: Pick<RegistryStatus, 'status' | 'changed'>,
): 'approve' | 'reject' | undefined {
  if (!hearsRegistry(release)) return undefined;
  if (status === 'Rejected') return 'reject';
  const { ask, answer, at, turns } = release;
  if (status !== 'Approved' || at !== 'asking' || ask === undefined || answer !== undefined) return undefined;
  const { unanswered } = release.begun.terms;
  if (unanswered === 'keep' && changed !== undefined && changed >= answerUntil(release)) return undefined;
  const first = ask.about === 'pass' && turns.length === 0;
  return first || ask.registry !== 'Approved' ? 'approve' : undefined;
}
