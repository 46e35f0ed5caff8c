import type { Random } from './random.ts';

/** A fault on demand; every part that is left out matches everything. */
export interface Fault {
  id: string;
  kind:
    | 'throttle'
    | 'error'
    | 'delay'
    | 'deny'
    | 'drop-reply'
    | 'cut-reply'
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
  /** Only this transform job. */
  transformJob?: string;
  /** Share of the calls it applies to, 0 to 1. Default 1. */
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
  /** The first fault of one of these kinds that applies now; counts against `times`. */
  inject(kinds: readonly Fault['kind'][], where: Partial<Record<(typeof PARTS)[number], string>>): Fault | undefined;
}

/** The faults of one emulator; `random` decides for those that apply to only a share of the calls. */
export function createFaults(random: Random): Faults {
  const faults = new Map<string, Fault>();
  const left = new Map<string, number>();
  let made = 0;
  return {
    add(fault) {
      made += 1;
      const added = { ...fault, id: `fault-${made}` };
      faults.set(added.id, added);
      if (added.times !== undefined) left.set(added.id, added.times);
      return added;
    },
    remove(id) {
      left.delete(id);
      return faults.delete(id);
    },
    clear() {
      faults.clear();
      left.clear();
    },
    list: () => [...faults.values()].map((fault) => remaining(fault, left.get(fault.id))),
    inject(kinds, where) {
      // The usual case, asked on every call.
      if (faults.size === 0) return undefined;
      for (const fault of faults.values()) {
        if (!kinds.includes(fault.kind) || !applies(fault, where)) continue;
        if (fault.share !== undefined && random.next() >= fault.share) continue;
        const times = left.get(fault.id);
        if (times !== undefined) {
          if (times <= 0) continue;
          left.set(fault.id, times - 1);
        }
        return fault;
      }
      return undefined;
    },
  };
}

/** `times` of a listed fault is how often it may still apply. */
function remaining(fault: Fault, times: number | undefined): Fault {
  return times === undefined ? fault : { ...fault, times };
}

const PARTS = ['service', 'operation', 'endpoint', 'variant', 'endpointConfig', 'transformJob'] as const;

function applies(fault: Fault, where: Partial<Record<(typeof PARTS)[number], string>>): boolean {
  return PARTS.every((part) => fault[part] === undefined || fault[part] === where[part]);
}
