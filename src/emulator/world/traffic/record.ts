import type { InvocationRequest } from '../../containers/container.ts';
import type { Caller } from '../endpoints/endpoint.ts';
import type { Variant } from '../fleet/variant.ts';
import type { Platform } from '../world.ts';
import type { Answer } from './ask.ts';

/** Metrics and capture of one answered request, at the moment it was answered. */
export function recordAnswer(
  world: Platform,
  variant: Variant,
  request: InvocationRequest,
  caller: Caller,
  { response, modelLatency, overheadLatency }: Answer,
  at: number,
): void {
  const { status } = response;
  variant.meter.record({ at, status, modelLatency, overheadLatency, instances: variant.serving.length });
  const { capture } = variant;
  const copied = variant.fleet.shadow.includes(variant.record);
  // AWS shows captures of shadows in inference experiments (facts 2.2).
  const shown = !copied || world.switches.shadowCaptures || variant.fleet.experiment === true;
  if (!capture || !shown || !capture.sampled()) return;
  const failed = status < 200 || status >= 300;
  if (failed && !world.switches.captureFailedCalls) return;
  capture.add({
    eventId: caller.eventId ?? world.random.uuid(),
    at,
    input: request,
    output: failed ? undefined : response,
    inferenceId: copied && !world.switches.shadowInferenceId ? undefined : caller.inferenceId,
    customAttributes: caller.customAttributes,
  });
}
