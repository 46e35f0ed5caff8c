/** Kinds of things shadowctl creates, in the words of AWS. */
export type ResourceKind =
  | 'model'
  | 'endpoint-config'
  | 'endpoint'
  | 'alarm'
  | 's3-object'
  | 's3-bucket'
  | 'log-group'
  | 's3-prefix';

/** Names one thing in AWS: for S3 objects and prefixes the name is the `s3://` URI. */
export interface ResourceRef {
  kind: ResourceKind;
  name: string;
}

/**
 * One line of a journal. A step is begun on disk before AWS is called and ended after; a begun step without an end is
 * a question that `recover` asks AWS.
 */
export type JournalEvent =
  | { type: 'open'; version: 1; account: string; region: string; endpoint: string }
  | { type: 'run'; run: string; command: string; by: string }
  | {
      type: 'begin';
      run: string;
      step: string;
      action: 'create' | 'update' | 'delete';
      resource: ResourceRef;
      /** What is asked for, as far as it is needed to understand the step later. */
      input?: Record<string, unknown>;
    }
  | { type: 'end'; step: string; outcome: StepOutcome; error?: string; recovered?: boolean }
  /** Something worth remembering that is not a resource: how an update ended, a verdict. */
  | { type: 'fact'; run: string; name: string; value: Record<string, unknown> };

/**
 * - `done`: AWS accepted it
 * - `refused`: AWS said no on the first attempt, so nothing happened
 * - `absent`: afterwards AWS was asked, and the thing is not there
 */
export type StepOutcome = 'done' | 'refused' | 'absent';

/** An event as it lies on disk. */
export type Recorded = JournalEvent & { at: string };

export interface Journal {
  readonly path: string;
  readonly endpoint: string;
  /** Every event so far, oldest first. */
  events(): readonly Recorded[];
  /** Appends and flushes to disk before it resolves. Needs the lock. */
  append(event: JournalEvent): Promise<void>;
  /** Holds the journal's lock while `work` runs; refuses, saying who holds it, what for and since when. */
  locked<T>(why: string, work: () => Promise<T>): Promise<T>;
}
