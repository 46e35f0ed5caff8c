import type { Document } from '../iam/document.ts';
import type { PolicyKind } from '../iam/evaluate.ts';

/** A policy, and whom it limits. */
export interface AttachedPolicy {
  /** An access key id, `role/NAME`, or undefined: every caller that has no policy of this kind of its own. */
  who: string | undefined;
  kind: PolicyKind;
  document: Document;
}
