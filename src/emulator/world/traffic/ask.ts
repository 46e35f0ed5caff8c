import { stopwatch } from '../../../base/clock.ts';
import type { Container, InvocationRequest, InvocationResponse } from '../../containers/container.ts';
import type { Platform } from '../world.ts';
import { containerName, startInstance } from '../fleet/instance.ts';
import type { Instance, Variant } from '../fleet/variant.ts';

/** What a variant answered, and how long it took (microseconds). */
export interface Answer {
  response: InvocationResponse;
  modelLatency: number;
  overheadLatency: number;
  /** Which container a failure came from, in SageMaker's words: `primary`, or its name in a pipeline. */
  container: string;
  /** Milliseconds of the latencies that have not passed yet: the caller sleeps them, a shadow only counts them. */
  remaining: number;
  /** Milliseconds that really passed in the containers. */
  measured: number;
}

/** Where no overhead is simulated, it is the time since `began` (by the stopwatch) without the containers' work. */
export function withOverhead(world: Platform, answer: Answer, began: number): Answer {
  if (world.latencies.overheadLatency > 0) return answer;
  const overhead = stopwatch(world.clock) - began - answer.measured;
  return { ...answer, overheadLatency: Math.max(0, Math.round(overhead * 1000)) };
}

/** A container must answer within 60 s (facts 7.2). */
const TIMEOUT_MS = 60_000;
/** The first call on a fresh instance takes about six times as long (facts 13). */
const FIRST_CALL = 6;
/** Spread of the simulated latencies: the slowest of 200 calls takes about twice the median (facts 13). */
const SIGMA = 0.25;

/** How a request is put to an instance. */
interface AskOptions {
  /** The simulated moment, where it is not the present. */
  at?: number | undefined;
  /** Only this container of several (TargetContainerHostname). */
  only?: number | undefined;
}

/**
 * Sends a request through the containers of an instance. Answers at once where they do: a built-in container computes
 * in this process, and a promise per request would cost more than the work.
 */
export function ask(
  world: Platform,
  variant: Variant,
  instance: Instance,
  request: InvocationRequest,
  options: AskOptions = {},
): Answer | Promise<Answer> {
  if (instance.containers) return askContainers(world, variant, instance, instance.containers, request, options);
  return startInstance(world, variant.endpoint, variant.fleet, variant.record, instance).then(
    (containers) => askContainers(world, variant, instance, containers, request, options),
    // It once ran (the emulator was restarted meanwhile); now nothing answers there.
    () => ({ response: silence, modelLatency: 0, overheadLatency: 0, container: 'primary', remaining: 0, measured: 0 }),
  );
}

function askContainers(
  world: Platform,
  variant: Variant,
  instance: Instance,
  containers: Container[],
  request: InvocationRequest,
  { at, only }: AskOptions,
): Answer | Promise<Answer> {
  const fault = world.faults.inject(MODEL_FAULTS, {
    service: 'sagemaker-runtime',
    operation: 'InvokeEndpoint',
    endpoint: variant.endpoint.name,
    variant: variant.record.name,
    endpointConfig: variant.fleet.configName,
  });
  const first = instance.calls === 0;
  instance.calls += 1;
  const extra = fault?.kind === 'slow-model' ? (fault.milliseconds ?? 0) : 0;
  const began = stopwatch(world.clock);
  const [single] = containers;
  if (fault?.kind === 'failing-model') {
    const response = { status: fault.status ?? 500, body: INJECTED, contentType: 'text/plain' };
    return withLatencies(world, variant, { response, container: 'primary', first, extra, began, outside: false });
  }
  if (single && containers.length === 1) {
    instance.moment = at;
    const response = single.invoke(request);
    instance.moment = undefined;
    // A container that answers at once is built in; one that must be waited for is a server of the user's own.
    if (!(response instanceof Promise)) {
      return withLatencies(world, variant, { response, container: 'primary', first, extra, began, outside: false });
    }
    return response.then((answer) =>
      withLatencies(world, variant, { response: answer, container: 'primary', first, extra, began, outside: true }),
    );
  }
  return askPipeline(variant, containers, request, only).then(({ response, container, outside }) =>
    withLatencies(world, variant, { response, container, first, extra, began, outside }),
  );
}

/** An inference pipeline: each container's answer is the next one's request. */
async function askPipeline(
  variant: Variant,
  containers: Container[],
  request: InvocationRequest,
  only: number | undefined,
) {
  let input = request;
  let response = silence;
  let container = 'primary';
  let outside = false;
  for (const [index, one] of containers.entries()) {
    if (only !== undefined && index !== only) continue;
    container = containerName(variant.record, index);
    const answer = one.invoke(input);
    if (answer instanceof Promise) outside = true;
    response = await answer;
    if (response.status < 200 || response.status >= 300) break;
    input = { ...request, body: response.body, contentType: response.contentType };
  }
  return { response, container, outside };
}

interface RawAnswer {
  response: InvocationResponse;
  container: string;
  first: boolean;
  /** Milliseconds a fault adds. */
  extra: number;
  /** When the containers were asked, by the stopwatch. */
  began: number;
  outside: boolean;
}

/** Puts the latencies to an answer: simulated for built-in containers, measured for all others. */
function withLatencies(
  world: Platform,
  variant: Variant,
  { response, container, first, extra, began, outside }: RawAnswer,
): Answer {
  const measured = stopwatch(world.clock) - began;
  const simulated = !outside && world.latencies.modelLatency > 0;
  const model = Math.min(
    TIMEOUT_MS,
    (simulated ? simulate(world, variant, Math.max(first ? FIRST_CALL : 1, response.effort ?? 1)) : measured) + extra,
  );
  const overhead = world.latencies.overheadLatency * Math.exp(SIGMA * world.random.normal());
  variant.busy += model;
  return {
    response: model >= TIMEOUT_MS ? silence : response,
    modelLatency: Math.round(model * 1000),
    overheadLatency: Math.round(overhead * 1000),
    container,
    measured,
    remaining: Math.max(0, model + overhead - (simulated ? 0 : measured)),
  };
}

const MODEL_FAULTS = ['failing-model', 'slow-model'] as const;
const silence: InvocationResponse = { status: 0, body: new Uint8Array(), contentType: 'text/plain' };
const INJECTED = Buffer.from('The emulator was told to let this model fail (fault failing-model).');

/** Milliseconds, from a log-normal distribution around `effort` times the model's own median. */
function simulate(world: Platform, variant: Variant, effort: number): number {
  const median = world.latencies.modelLatency * variant.pace * effort;
  return median * Math.exp(SIGMA * world.random.normal());
}
