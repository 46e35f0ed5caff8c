import { describeModelPackage } from '../../aws/sagemaker.ts';
import type { Release, ReleaseSource, ReleaseTerms } from '../../state/releases.ts';
import type { Session } from '../session.ts';

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

/** The status of a version, and who gave it as far as AWS tells; undefined where it is gone. */
export async function statusOf(session: Session, arn: string): Promise<{ status: string; by: string } | undefined> {
  const found = await describeModelPackage(await session.aws(), arn, session.signal);
  if (found === undefined) return undefined;
  const { ModelApprovalStatus: status = '', LastModifiedBy: by } = found;
  const who = by?.IamIdentity?.Arn ?? by?.UserProfileName;
  return { status, by: who === undefined ? 'the Model Registry' : `${who}, in the Model Registry` };
}

/**
 * What the status in the registry answers. A no counts at any time. A yes counts for a question only: one that was given before
 * it counts for a pass that nobody was asked about before, and for nothing else; then only a change counts. Pure.
 */
export function answerOf(release: Release, status: string): 'approve' | 'reject' | undefined {
  const { ask, answer, at, turns } = release;
  if (answer !== undefined || ['approved', 'promoting', 'settling', 'detaching', 'ended'].includes(at))
    return undefined;
  if (status === 'Rejected') return 'reject';
  if (status !== 'Approved' || at !== 'asking' || ask === undefined) return undefined;
  const first = ask.about === 'pass' && turns.length === 0;
  return first || ask.registry !== 'Approved' ? 'approve' : undefined;
}
