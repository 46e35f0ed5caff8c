/** A fault on demand; every part that is left out matches everything. */
export interface Fault {
  id: string;
  kind:
    | 'throttle'
    | 'error'
    | 'delay'
    | 'drop-reply'
    | 'slow-model'
    | 'failing-model'
    | 'unhealthy'
    | 'insufficient-capacity'
    | 'delay-metrics';
  /** `sagemaker`, `cloudwatch`, … */
  service?: string;
  /** AWS's name of the operation. */
  operation?: string;
  endpoint?: string;
  variant?: string;
  /** Only fleets that run this endpoint config. */
  endpointConfig?: string;
  /** Share of the calls it strikes, 0 to 1. Default 1. */
  share?: number;
  /** How many times at the most. */
  times?: number;
  /** For delay, slow-model and delay-metrics. */
  milliseconds?: number;
  /** For error and failing-model: the HTTP status. Default 500. */
  status?: number;
}

export interface Faults {
  add(fault: Omit<Fault, 'id'>): Fault;
  remove(id: string): boolean;
  clear(): void;
  list(): Fault[];
  /** The first fault of one of these kinds that strikes now; counts against `times`. */
  strike(kinds: readonly Fault['kind'][], where: { service?: string; operation?: string; endpoint?: string; variant?: string; endpointConfig?: string }): Fault | undefined;
}
