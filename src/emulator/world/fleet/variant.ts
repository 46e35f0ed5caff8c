import type { Container } from '../../containers/container.ts';
import type { CaptureSink } from '../capture/capture.ts';
import type { EndpointRecord, FleetRecord, InstanceRecord, VariantRecord } from '../endpoints/records.ts';
import type { Meter } from '../traffic/meter.ts';

/** A machine with its containers, as long as this process lives; containers start when they are first needed. */
export interface Instance {
  readonly record: InstanceRecord;
  containers: Container[] | undefined;
  starting: Promise<Container[]> | undefined;
  /** Aborts when the instance goes away: what is just starting is called off. */
  readonly leaving: AbortController;
  /** Requests taken since its containers started: the first one is slow (facts 13). */
  calls: number;
  /** The simulated moment at which its containers are at work, where that is not the present. */
  moment: number | undefined;
}

/** A variant at work: its record, and what only lives in this process. */
export interface Variant {
  readonly record: VariantRecord;
  readonly fleet: FleetRecord;
  readonly endpoint: EndpointRecord;
  readonly instances: Map<string, Instance>;
  /** Those that take requests now. */
  serving: Instance[];
  readonly meter: Meter;
  readonly capture: CaptureSink | undefined;
  /** How slow this model is compared with others: a factor on the median, the same for the same artifact and image. */
  readonly pace: number;
  /** Milliseconds its containers have worked, for the machines' CPU metric. */
  busy: number;
  /** Copies that wait for an answer of the shadow's container. */
  inFlight: number;
}

export interface Fleet {
  readonly record: FleetRecord;
  readonly production: Variant[];
  readonly shadow: Variant | undefined;
}

/** All variants of a fleet, the shadow last. */
export function membersOf(fleet: Fleet): Variant[] {
  return fleet.shadow ? [...fleet.production, fleet.shadow] : fleet.production;
}
