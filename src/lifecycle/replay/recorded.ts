import type { KeptBody, Loss, SideOutcome } from '../../analysis/mirrored/record.ts';
import type { RawHeaders } from '../../mirror/headers.ts';

/** A request of a recording, as far as the recording has it. */
export interface Recorded {
  /** Of the pair: the caller's id where the recording has one, so that labels find it. */
  key: string;
  /** When it was made, milliseconds since the epoch; undefined where that is not recorded. */
  at: number | undefined;
  method: string;
  /** With its query; undefined where it is not recorded, as in captures. */
  target: string | undefined;
  /** Names and values in turn; of captures the content type alone. */
  headers: RawHeaders;
  body: Buffer;
}

/** What was answered then. */
export interface RecordedAnswer {
  outcome: SideOutcome;
  loss: Loss | undefined;
  /** Undefined where it is not recorded. */
  status: number | undefined;
  /** Milliseconds from the last byte of the request to the last of the answer; undefined where they are not recorded. */
  ms: number | undefined;
  body: KeptBody | undefined;
}

/** Why a part of a recording cannot be sent again. */
const FLAWS = [
  /** Its last part is cut off. */
  'truncated',
  'unreadable',
  /** The recording keeps no body of it, or a hash in its place. */
  'no-body',
  /** Values in it were replaced by `[redacted]`. */
  'redacted',
  'too-large',
  /** HEAD, CONNECT, or a change of protocol: what comes back is no answer with a body. */
  'method',
  /** A line of a shadow, an answer to a replay, an answer without a request: what is no request of callers. */
  'not-live',
] as const;
export type Flaw = (typeof FLAWS)[number];

/** What a reader of a format finds, in the order of the file. */
export type Found =
  | {
      kind: 'request';
      request: Recorded;
      answer: RecordedAnswer | undefined;
      /** Its answer comes by itself, under the same key; how many milliseconds the request took to pass. */
      awaits?: { tookMs: number | undefined };
    }
  /** The answer to a request that came before, or never comes. Milliseconds; when it began to pass, and how long it took. */
  | { kind: 'answer'; key: string; answer: RecordedAnswer; startedAt: number; tookMs: number | undefined }
  | { kind: 'flaw'; flaw: Flaw; why: string };
