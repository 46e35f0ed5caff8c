import { AwsError } from '../model/aws-error.ts';
import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import { validate } from '../model/validate.ts';
import { decodeBody, MAX_BYTES, MAX_BYTES_OF_LAMBDA, tooLarge } from '../protocols/body.ts';
import { cbor } from '../protocols/cbor.ts';
import { json } from '../protocols/json.ts';
import { query } from '../protocols/query.ts';
import { fitsPath } from '../protocols/rest.ts';
import { restJson } from '../protocols/rest-json.ts';
import { restXml } from '../protocols/rest-xml.ts';
import { header, type Protocol, type ProtocolId, type WireRequest, type WireResponse } from '../protocols/wire.ts';
import type { Context } from '../services/operation.ts';
import { loadedService, loadService, type Service } from '../services/registry.ts';
import { callerOf } from '../world/callers.ts';
import type { World } from '../world/world.ts';
import { asAwsError, byNavigation, failed, notImplemented, throttled, unknownOperation } from './refusals.ts';
import { authorize, deny, refusal } from './authorization/authorize.ts';
import { type Call, type Head, readHead, type Route, route } from './route.ts';

const PROTOCOLS: Record<ProtocolId, Protocol> = {
  json,
  query,
  cbor,
  'rest-json': restJson,
  'rest-xml': restXml,
};

/** The reply, or undefined when the connection is to be broken without one. */
type Reply = WireResponse | undefined;

/** A request whose head has arrived, but not yet its body. */
interface Incoming {
  /** How many bytes the body may have. */
  maxBytes: number;
  /** The refusal of a larger body. */
  refuseBody(requestId: string): WireResponse;
  /** The refusal of a large body while others are on their way. */
  refuseBusy(requestId: string): WireResponse;
  /**
   * The request through all floors: route, parse, validate, let due events happen, faults, operation, serialize. Never
   * throws: whatever goes wrong becomes an answer in the protocol the client spoke.
   */
  answer(body: Uint8Array, requestId: string): Promise<Reply>;
}

const BUSY = new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 });

/** Takes a request to AWS, whichever of its services it is for. */
export function accept(world: World, head: Head): Incoming {
  const call = readHead(head);
  const { protocol } = call;
  const maxBytes = call.scope.service === 'lambda' ? MAX_BYTES_OF_LAMBDA : MAX_BYTES[protocol];
  const refuse = (error: AwsError, requestId: string) =>
    PROTOCOLS[protocol].serializeError(error, {
      service: undefined,
      requestId,
      request: { ...head, body: new Uint8Array() },
    });
  return {
    maxBytes,
    refuseBody: (requestId) => refuse(tooLarge(protocol, maxBytes), requestId),
    refuseBusy: (requestId) => refuse(BUSY, requestId),
    answer: (body, requestId) => answer(world, call, { ...head, body }, requestId),
  };
}

async function answer(world: World, call: Call, sent: WireRequest, requestId: string): Promise<Reply> {
  let request = sent;
  let service: ServiceModel | undefined;
  let asked: OperationModel | undefined;
  try {
    request = await decodeBody(sent, call.protocol);
    const found = route(request, call);
    if (found.path !== request.path) request = { ...request, path: found.path };
    const loaded = loadedService(found.service) ?? (await loadService(found.service));
    service = loaded.model;
    asked = operationOf(loaded, found, request);
    return named(await run(world, call, request, requestId, loaded, asked), asked);
  } catch (error) {
    const reply = PROTOCOLS[call.protocol].serializeError(asAwsError(error), { service, requestId, request });
    return named(reply, asked);
  }
}

function named<T extends Reply>(reply: T, operation: OperationModel | undefined): T {
  if (reply !== undefined && operation !== undefined) reply.operation = `${operation.service.id}:${operation.name}`;
  return reply;
}

/** The operation that is meant. Throws the refusal of what AWS does not know either. */
function operationOf({ model, hooks }: Service, found: Route, request: WireRequest): OperationModel {
  const name =
    found.operation ??
    (hooks.operationOf
      ? hooks.operationOf(model, request)
      : model.operationNames.find((one) => {
          const operation = model.operation(one);
          return operation?.http.method === request.method && fitsPath(operation, request.path);
        }));
  const operation = name === undefined ? undefined : model.operation(name);
  if (operation === undefined) throw unknownOperation(model, found.protocol, name, request);
  return operation;
}

async function run(
  world: World,
  { protocol: spoken, scope }: Call,
  request: WireRequest,
  requestId: string,
  service: Service,
  operation: OperationModel,
): Promise<Reply> {
  const protocol = PROTOCOLS[spoken];
  const implementation = operation.built ? service.operations[operation.name] : undefined;
  if (implementation === undefined) throw notImplemented(operation, spoken);
  // An address that lies in a page or a mail: whoever follows it has asked for nothing.
  if (request.method === 'GET' && header(request, 'sec-fetch-mode') !== undefined && !READS.test(operation.name))
    throw byNavigation(operation);
  service.hooks.checkRequest?.(world, operation, request);
  const input = protocol.parse(operation, request);
  validate(operation, input);
  // What a function asks while everything waits for it must not wait for the function.
  const isWaitedFor = world.timeline.isOutside && scope.accessKeyId?.startsWith('ASIA') === true;
  if (!isWaitedFor && !world.timeline.upToDate) await world.timeline.catchUp();
  const where = place(operation, input);
  const region = scope.region ?? service.hooks.regionOf?.(world, input) ?? 'us-east-1';
  const caller = callerOf(world, scope.accessKeyId, region);
  const context: Context = {
    account: caller.account,
    caller,
    region,
    requestId,
    accessKeyId: scope.accessKeyId,
    baseUrl: `http://${header(request, 'host')}`,
    world,
  };
  await injectFaults(context, operation, input, where);
  if (world.iam.enforced()) {
    context.refusal = (action, resource) => refusal(caller, { action, resource, keys: {} }, context);
    authorize(caller, operation, input, context);
  }
  // `validate` has found that the input is what the operation's description says.
  const output = await implementation(context, input as never);
  // A client that was told something is done must find it done, even after a kill -9.
  if (!MAY_BE_LOST.test(operation.name)) await world.store.flush();
  if (world.faults.inject(['drop-reply'], where) !== undefined) return undefined;
  const reply = protocol.serialize(operation, output, requestId, request);
  if (world.faults.inject(['cut-reply'], where) !== undefined) reply.cut = true;
  return reply;
}

const READS = /^(?:Describe|Filter|Get|Head|List)/;

/** What changes nothing, and what comes so often that its last tenth of a second may go with the process. */
const MAY_BE_LOST = /^(?:Describe|Filter|Get|Head|List|InvokeEndpoint|PutMetricData)/;

type Where = Parameters<World['faults']['inject']>[1];

function place(operation: OperationModel, input: Record<string, unknown>): Where {
  const { EndpointName: endpoint, TargetVariant: variant, TransformJobName: job } = input;
  const where: Where = { service: operation.service.id, operation: operation.name };
  if (typeof endpoint === 'string') where.endpoint = endpoint;
  if (typeof variant === 'string') where.variant = variant;
  if (typeof job === 'string') where.transformJob = job;
  return where;
}

/** The faults that come before any work is done. */
async function injectFaults(
  context: Context,
  operation: OperationModel,
  input: Record<string, unknown>,
  where: Where,
): Promise<void> {
  const { world } = context;
  const delay = world.faults.inject(['delay'], where);
  if (delay !== undefined) await world.clock.sleep(delay.milliseconds ?? 1000);
  const fault = world.faults.inject(['throttle', 'error', 'deny'], where);
  if (fault === undefined) return;
  if (fault.kind === 'deny') throw deny(operation, input, context);
  if (fault.kind === 'throttle') throw throttled(operation.service);
  throw failed(fault.id, fault.status ?? 500);
}
