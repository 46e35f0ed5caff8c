import type { Capacity } from '../../guard/capacity.ts';
import type { PriceList } from '../../guard/prices.ts';
import type { RecordingFacts } from './recording.ts';

/** Whom requests are sent to. */
export type TargetSpec =
  | { kind: 'http'; url: string }
  | { kind: 'sagemaker'; endpoint: string; variant: string | undefined };

/** One load that is tried. */
export interface LoadStep {
  /** Of the peak. */
  factor: number;
  perSecond: number;
}

/** What is known of the endpoint that requests are sent to. */
interface EndpointFacts {
  status: string;
  variants: readonly {
    variant: string;
    instanceType: string | undefined;
    instances: number | undefined;
    weight: number;
  }[];
  capacity: readonly Capacity[];
  prices: PriceList;
  /** Its captures will hold the requests, too. */
  captures: boolean;
}

/** What would be sent, where, and what is to be known before. */
export interface ReplayPlan {
  kind: 'replay';
  recording: RecordingFacts;
  /** As it is shown. */
  target: string;
  spec: TargetSpec;
  pace: string;
  /** Requests that are due, and milliseconds from the first to the last where that is known beforehand. */
  requests: number;
  ms: number | undefined;
  concurrency: number;
  timeout: number;
  /** Requests by methods that may change something, sent to what is no endpoint of SageMaker. */
  unsafe: number;
  /** Recorded credentials are sent. */
  credentials: boolean;
  contentType: string | undefined;
  records: string | undefined;
  maxErrors: number | undefined;
  /** Undefined of a URL; `unseen`: these credentials may not look. */
  endpoint: EndpointFacts | 'unseen' | undefined;
  load: { steps: readonly LoadStep[]; peakPerSecond: number; stepMs: number; from: 'recording' | 'said' } | undefined;
  /** Why it is not done without a yes. */
  consent: readonly Consent[];
}

/**
 * - `unsafe`: a server may do again what the requests did
 * - `credentials`: those of the recorded callers are used
 * - `load`: whoever else uses the target waits longer, or fails
 */
export type Consent = 'unsafe' | 'credentials' | 'load';
