import type { LogGroupClass } from '@aws-sdk/client-cloudwatch-logs';

/** Where a log line belongs. */
export interface LogTarget {
  account: string;
  region: string;
  group: string;
  stream: string;
}

export interface LogEvent {
  /** Milliseconds since the epoch. */
  timestamp: number;
  message: string;
}

/** An event in a stream. */
export interface StoredLogEvent extends LogEvent {
  ingestionTime: number;
  /** Rises with every event of the store; distinguishes events of one millisecond. */
  sequence: number;
  stream: string;
}

/** A log group; keyed `account/region/name` in the store. */
export interface LogGroup {
  name: string;
  account: string;
  region: string;
  creationTime: number;
  retentionInDays?: number;
  kmsKeyId?: string;
  logGroupClass?: LogGroupClass;
  tags: Record<string, string>;
  storedBytes: number;
}

export interface LogStream {
  name: string;
  creationTime: number;
  firstEventTimestamp?: number;
  lastEventTimestamp?: number;
  lastIngestionTime?: number;
}

export interface LogStore {
  /** Appends, creating group and stream where they are missing: what an AWS service does for its own log group. */
  append(target: LogTarget, events: readonly LogEvent[]): void;
  group(account: string, region: string, name: string): LogGroup | undefined;
  /** Groups of an account and region, by name. */
  groups(account: string, region: string): LogGroup[];
  /** Creates or replaces a group's own record (not its streams). */
  setGroup(group: LogGroup): void;
  /** Removes a group with its streams and events; false when there is none. */
  deleteGroup(account: string, region: string, name: string): Promise<boolean>;
  stream(target: LogTarget): LogStream | undefined;
  /** Streams of a group, by name. */
  streams(account: string, region: string, group: string): LogStream[];
  createStream(target: LogTarget): void;
  deleteStream(target: LogTarget): Promise<boolean>;
  /**
   * Events of some streams of a group (all when `streams` is undefined) with startMs <= timestamp < endMs, sorted by
   * time, then order of arrival. Events older than the group's retention are gone.
   */
  read(
    group: { account: string; region: string; name: string },
    window: { streams?: readonly string[]; startMs?: number; endMs?: number },
  ): Promise<StoredLogEvent[]>;
  /** Resolves when every event appended so far is in the store's blobs. Call before `store.flush()`. */
  flush(): Promise<void>;
}
