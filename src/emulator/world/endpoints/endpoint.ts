import type { InvocationRequest } from '../../containers/container.ts';
import type { Fleet, Variant } from '../fleet/variant.ts';
import type { EventSource } from '../timeline.ts';
import type { Change, EndpointRecord } from './records.ts';

/** An endpoint with what lives of it in this process. */
export interface Endpoint {
  readonly key: string;
  readonly record: EndpointRecord;
  /** The fleet that serves, and the one that is being built beside it. */
  serving: Fleet | undefined;
  next: Fleet | undefined;
}

/** All endpoints of a world; an endpoint changes only through here. */
export interface Endpoints extends EventSource {
  /** Sends a copy of a request to a shadow variant, once the caller's own answer is on its way. */
  mirror(copy: ShadowCopy): void;
  find(account: string, region: string, name: string): Endpoint | undefined;
  /** Adds an endpoint, or begins a change of an existing one; the change's first stage begins now. */
  start(record: EndpointRecord, change: Change): void;
}

/** A request on its way to a shadow. */
export interface ShadowCopy {
  variant: Variant;
  request: InvocationRequest;
  caller: Caller;
  /** When production's answer was determined. */
  at: number;
}

/** What the caller sent besides the body, and the event id of production's capture. */
export interface Caller {
  eventId: string | undefined;
  inferenceId: string | undefined;
  customAttributes: string | undefined;
}
