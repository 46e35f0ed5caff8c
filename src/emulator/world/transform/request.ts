import { systemClock, stopwatch } from '../../../base/clock.ts';
import type { Container, InvocationRequest, InvocationResponse } from '../../containers/container.ts';
import type { Platform } from '../world.ts';
import type { TransformRecord } from './records.ts';

/** The containers of one instance of a job. */
export interface TransformInstance {
  id: string;
  containers: Container[];
}

const MODEL_FAULTS = ['failing-model', 'slow-model'] as const;
const SILENCE: InvocationResponse = { status: 0, body: new Uint8Array(), contentType: 'text/plain' };
const INJECTED = Buffer.from('The emulator was told to let this model fail (fault failing-model).');
/** Spread of the logarithm of durations, as of an endpoint's requests (facts 13). */
const SIGMA = 0.25;
/** How often a server that answers, but not yet with 200, is pinged. */
const PINGS = 20;
const PING_MS = 100;

/** What a container answered, and how long that took in milliseconds, tries before it included. */
export interface TransformAnswer {
  response: InvocationResponse;
  took: number;
}

/** Is the instance healthy? A server of the user's own is given a moment. */
export async function isHealthy(
  world: Platform,
  record: TransformRecord,
  instance: TransformInstance,
): Promise<boolean> {
  if (world.faults.inject(['unhealthy'], whereOf(record)) !== undefined) return false;
  for (const container of instance.containers) {
    for (let tries = 1; ; tries += 1) {
      const answer = container.ping();
      if ((await answer) === 200) break;
      if (!(answer instanceof Promise) || tries === PINGS) return false;
      await systemClock.sleep(PING_MS);
    }
  }
  return true;
}

/** Which faults are meant for a job. */
export function whereOf({ name }: Pick<TransformRecord, 'name'>) {
  return { service: 'sagemaker', operation: 'CreateTransformJob', transformJob: name };
}

/**
 * Sends a request to an instance, again where it failed by the container's fault: at most InvocationsMaxRetries times. That
 * a 4xx is not sent again is not sourced.
 */
export async function send(
  world: Platform,
  record: TransformRecord,
  instance: TransformInstance,
  request: InvocationRequest,
  signal: AbortSignal,
): Promise<TransformAnswer> {
  const { InvocationsMaxRetries: retries = 3, InvocationsTimeoutInSeconds: seconds = 600 } =
    record.request.ModelClientConfig ?? {};
  let took = 0;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const answer = await sendOnce(world, record, instance, { ...request, timeoutMs: seconds * 1000 }, signal);
    took += answer.took;
    const { status } = answer.response;
    if ((status >= 200 && status < 500) || tries === retries) return { ...answer, took };
  }
}

/** Whoever calls the job off does not wait for a server that does not answer. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}

async function sendOnce(
  world: Platform,
  record: TransformRecord,
  { containers }: TransformInstance,
  request: InvocationRequest & { timeoutMs: number },
  signal: AbortSignal,
): Promise<TransformAnswer> {
  const fault = world.faults.inject(MODEL_FAULTS, whereOf(record));
  if (fault?.kind === 'failing-model') {
    const response = { status: fault.status ?? 500, body: INJECTED, contentType: 'text/plain' };
    return { response, took: simulated(world, 1) };
  }
  const began = stopwatch(world.clock);
  let input = request;
  let response = SILENCE;
  let outside = false;
  // In an inference pipeline each container's answer is the next one's request.
  for (const container of containers) {
    const answer = container.invoke(input);
    if (answer instanceof Promise) outside = true;
    response = answer instanceof Promise ? await orAborted(answer, signal) : answer;
    if (response.status < 200 || response.status >= 300) break;
    input = { ...request, body: response.body, contentType: response.contentType };
  }
  const extra = fault?.milliseconds ?? 0;
  const took =
    (outside || world.latencies.modelLatency === 0
      ? stopwatch(world.clock) - began
      : simulated(world, response.effort)) + extra;
  if (took >= request.timeoutMs) return { response: SILENCE, took: request.timeoutMs };
  return { response, took };
}

function simulated(world: Platform, effort = 1): number {
  return world.latencies.modelLatency * effort * Math.exp(SIGMA * world.random.normal());
}
