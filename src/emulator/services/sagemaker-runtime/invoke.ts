import type { InvokeEndpointOutput } from '@aws-sdk/client-sagemaker-runtime';
import { stopwatch } from '../../../base/clock.ts';
import type { InvocationRequest } from '../../containers/container.ts';
import type { Context } from '../operation.ts';
import type { Endpoint } from '../../world/endpoints/endpoint.ts';
import type { Fleet, Variant } from '../../world/fleet/variant.ts';
import { ask, withOverhead } from '../../world/traffic/ask.ts';
import { pickFleet, pickInstance, pickVariant, visibleFleet } from '../../world/traffic/pick.ts';
import { recordAnswer } from '../../world/traffic/record.ts';
import { isMirrored } from '../../world/traffic/shadow.ts';
import { modelError, validationError } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

/** InvokeEndpoint's input as the gateway hands it over. */
interface InvokeInput {
  EndpointName: string;
  Body: Uint8Array;
  ContentType?: string;
  Accept?: string;
  CustomAttributes?: string;
  TargetModel?: string;
  TargetVariant?: string;
  TargetContainerHostname?: string;
  InferenceId?: string;
  InferenceComponentName?: string;
}

/** In these an endpoint takes requests. */
const TAKING = new Set(['InService', 'Updating', 'RollingBack', 'SystemUpdating', 'UpdateRollbackFailed']);

/**
 * One inference: the request goes to an instance of a production variant, metrics and capture are recorded, and a copy
 * goes to the shadow once the answer is determined. The caller waits the latencies; the shadow's it never sees.
 */
export async function invokeEndpoint(context: Context, input: InvokeInput): Promise<InvokeEndpointOutput> {
  const { world } = context;
  const endpoint = world.endpoints.find(context.account, context.region, input.EndpointName);
  // One that is still being created is unknown to the runtime (its words then are not sourced, facts 11).
  const fleet = endpoint && visibleFleet(endpoint);
  if (!endpoint || !fleet || !TAKING.has(endpoint.record.status)) {
    throw validationError(`Endpoint ${input.EndpointName} of account ${context.account} not found.`);
  }
  const variant = choose(context, endpoint, fleet, input);
  const instance = pickInstance(world, variant);
  if (!instance)
    throw new AwsError('ServiceUnavailable', `Variant ${variant.record.name} has no instance in service.`, {
      status: 503,
    });
  const only = targetContainer(variant, input.TargetContainerHostname);
  const request: InvocationRequest = {
    body: input.Body,
    contentType: input.ContentType,
    accept: input.Accept,
    customAttributes: input.CustomAttributes,
  };
  const began = stopwatch(world.clock);
  const asked = ask(world, variant, instance, request, { only });
  const answer = withOverhead(world, asked instanceof Promise ? await asked : asked, began);

  const caller = {
    eventId: world.switches.sharedEventId ? world.random.uuid() : undefined,
    inferenceId: input.InferenceId,
    customAttributes: input.CustomAttributes,
  };
  // Not the shadow of the other fleet: each fleet was configured as a whole.
  const shadow = (variant.fleet === endpoint.serving?.record ? endpoint.serving : endpoint.next)?.shadow;
  if (shadow && isMirrored(world, variant, shadow)) {
    world.endpoints.mirror({ variant: shadow, request, caller, at: world.clock.now() });
  }
  if (answer.remaining > 0) await world.clock.sleep(answer.remaining);
  recordAnswer(world, variant, request, caller, answer, world.clock.now());

  const { response } = answer;
  if (response.status < 200 || response.status >= 300) throw modelError(context, endpoint.record.name, answer);
  return {
    Body: response.body,
    ContentType: response.contentType,
    InvokedProductionVariant: variant.record.name,
    ...(response.customAttributes !== undefined && { CustomAttributes: response.customAttributes }),
  };
}

function choose(context: Context, endpoint: Endpoint, serving: Fleet, input: InvokeInput): Variant {
  if (input.TargetModel !== undefined) {
    // AWS's words (github.com/aws/amazon-sagemaker-examples#1026).
    throw validationError(
      `Endpoint ${input.EndpointName} is not a multi-model endpoint and does not support target model header.`,
    );
  }
  if (input.InferenceComponentName !== undefined) {
    throw validationError(`Endpoint ${input.EndpointName} has no inference components.`);
  }
  const { world } = context;
  if (input.TargetVariant === undefined) {
    const variant = pickVariant(world, serving);
    if (!variant)
      throw validationError(`Endpoint ${input.EndpointName} has no production variant with a weight above 0.`);
    return pickFleet(world, endpoint, variant);
  }
  const target = serving.production.find((variant) => variant.record.name === input.TargetVariant);
  // Refused with ValidationError (facts 13); the words are not sourced. Shadows cannot be targeted.
  if (!target)
    throw validationError(
      `Variant ${input.TargetVariant} not found for endpoint ${input.EndpointName} of account ${context.account}.`,
    );
  return pickFleet(world, endpoint, target);
}

/** The container a request is meant for; undefined for all of them in turn. */
function targetContainer(variant: Variant, hostname: string | undefined): number | undefined {
  if (!variant.record.directContainers) {
    if (hostname !== undefined)
      throw validationError(
        'The target container hostname header is only supported for multi-container endpoints with direct invocation.',
      );
    return undefined;
  }
  const index = variant.record.containers.findIndex((container) => container.ContainerHostname === hostname);
  if (hostname === undefined || index < 0)
    throw validationError(`Target container hostname ${hostname ?? ''} not found.`);
  return index;
}
