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

export interface LogStore {
  /** Appends, creating group and stream where they are missing: what an AWS service does for its own log group. */
  append(target: LogTarget, events: readonly LogEvent[]): void;
}
