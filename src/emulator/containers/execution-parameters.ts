import type { ExecutionParameters } from './container.ts';

/**
 * What the containers of built-in algorithms wish: as many requests side by side as there are workers, one a processor (seen: 4
 * on ml.m4.xlarge and ml.m5.xlarge, facts 16.4).
 */
export function builtInParameters(cpus: number): ExecutionParameters {
  return { MaxConcurrentTransforms: cpus, BatchStrategy: 'MULTI_RECORD', MaxPayloadInMB: 6 };
}
