import type { Context } from '../services/operation.ts';
import { checkS3 } from './s3.ts';
import { decodeBody } from '../protocols/body.ts';
import { cbor } from '../protocols/cbor.ts';
import { json } from '../protocols/json.ts';
import { query } from '../protocols/query.ts';
import { fitsPath } from '../protocols/rest.ts';
import { restJson } from '../protocols/rest-json.ts';
import { restXml } from '../protocols/rest-xml.ts';
import {
  type ErrorSetting,
  header,
  type Protocol,
  type ProtocolId,
  type WireRequest,
  type WireResponse,
} from '../protocols/wire.ts';
import { type Route, route, type Scope } from './route.ts';
import { s3Operation } from './route-s3.ts';
import { loadedService, loadService, type Service } from '../services/registry.ts';
import { accountOf } from '../world/accounts.ts';
import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import { validate } from '../model/validate.ts';
import type { World } from '../world/world.ts';
import { AwsError } from '../model/aws-error.ts';

const PROTOCOLS: Record<ProtocolId, Protocol> = {
  json,
  query,
  cbor,
  'rest-json': restJson,
  'rest-xml': restXml,
};

/** The reply, or undefined when the connection is to be broken without one. */
export type Reply = WireResponse | undefined;

/**
 * One request through all floors: route, parse, validate, let due events happen, faults, operation, serialize.
 * Never throws: whatever goes wrong becomes an answer in the protocol the client spoke.
 */
export async function answer(
  world: World,
  sent: WireRequest,
  requestId: string,
  scope: Scope,
  spoken: ProtocolId,
): Promise<Reply> {
  let request = sent;
  let protocol = spoken;
  let service: ServiceModel | undefined;
  let asked: OperationModel | undefined;
  try {
    request = await decodeBody(sent, protocol);
    const found = route(request, scope, protocol);
    protocol = found.protocol;
    if (found.path !== request.path) request = { ...request, path: found.path };
    const loaded = loadedService(found.service) ?? (await loadService(found.service));
    service = loaded.model;
    asked = operationOf(service, found, request);
    return named(await run(world, request, requestId, scope, found, loaded, asked), asked);
  } catch (error) {
    return named(refusal(asAwsError(error), { protocol, service, requestId, request }), asked);
  }
}

function named<T extends Reply>(reply: T, operation: OperationModel | undefined): T {
  if (reply !== undefined && operation !== undefined) reply.operation = `${operation.service.id}:${operation.name}`;
  return reply;
}

/** An error as the client's protocol has it. */
export function refusal(error: AwsError, setting: ErrorSetting & { protocol: ProtocolId }): WireResponse {
  return PROTOCOLS[setting.protocol].serializeError(error, setting);
}

async function run(
  world: World,
  request: WireRequest,
  requestId: string,
  scope: Scope,
  found: Route,
  service: Service,
  operation: OperationModel,
): Promise<Reply> {
  const protocol = PROTOCOLS[found.protocol];
  const implementation = operation.built ? service.operations[operation.name] : undefined;
  if (implementation === undefined) throw notImplemented(operation, found.protocol);
  if (found.service === 's3') checkS3(world, operation, request);
  const input = protocol.parse(operation, request);
  validate(operation, input);
  if (!world.timeline.upToDate) await world.timeline.catchUp();
  const where = place(operation, input);
  await strikeBefore(world, where);
  const context: Context = {
    account: accountOf(world, scope.accessKeyId),
    region: scope.region ?? 'us-east-1',
    requestId,
    accessKeyId: scope.accessKeyId,
    baseUrl: `http://${header(request, 'host')}`,
    world,
  };
  const output = await implementation(context, input);
  // Whoever is told that something was done finds it done, also after a kill -9.
  if (!MAY_BE_LOST.test(operation.name)) await world.store.flush();
  if (world.faults.strike(['drop-reply'], where) !== undefined) return undefined;
  const reply = protocol.serialize(operation, output, requestId, request);
  if (world.faults.strike(['cut-reply'], where) !== undefined) reply.cut = true;
  return reply;
}

/** What changes nothing, and what comes so often that its last tenth of a second may go with the process. */
const MAY_BE_LOST = /^(?:Describe|Filter|Get|Head|List|InvokeEndpoint|PutMetricData)/;

/** The operation that is meant. Throws the refusal of what AWS does not know either. */
function operationOf(service: ServiceModel, found: Route, request: WireRequest): OperationModel {
  const name = operationName(service, found, request);
  const operation = name === undefined ? undefined : service.operation(name);
  if (operation !== undefined) return operation;
  switch (found.protocol) {
    case 'query': {
      const version = service.metadata.apiVersion;
      throw new AwsError('InvalidAction', `Could not find operation ${name} for version ${version}`);
    }
    case 'rest-xml':
      if (request.method === 'POST' && /^multipart\/form-data/i.test(header(request, 'content-type') ?? '')) {
        const message = 'POST Object (uploads by form) is an operation of AWS that the emulator has not built.';
        throw new AwsError('NotImplemented', message, { status: 501 });
      }
      throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        status: 405,
        details: { Method: request.method },
      });
    default: {
      const what = name ?? `${request.method} ${request.path}`;
      const status = found.protocol === 'rest-json' ? 404 : 400;
      const message = `${service.metadata.serviceId} of AWS has no operation ${what}.`;
      throw new AwsError('UnknownOperationException', message, { status });
    }
  }
}

function operationName(service: ServiceModel, found: Route, request: WireRequest): string | undefined {
  if (found.protocol === 'rest-xml') return s3Operation(service, request);
  if (found.protocol !== 'rest-json') return found.operation;
  return service.operationNames.find((name) => {
    const operation = service.operation(name);
    return operation?.http.method === request.method && fitsPath(operation, request.path);
  });
}

function notImplemented(operation: OperationModel, protocol: ProtocolId): AwsError {
  const code = protocol === 'query' || protocol === 'rest-xml' ? 'NotImplemented' : 'NotImplementedException';
  const name = `${operation.service.metadata.serviceId} ${operation.name}`;
  return new AwsError(code, `${name} is an operation of AWS that the emulator has not built.`, { status: 501 });
}

type Where = Parameters<World['faults']['strike']>[1];

function place(operation: OperationModel, input: Record<string, unknown>): Where {
  const { EndpointName: endpoint, TargetVariant: variant } = input;
  const where: Where = { service: operation.service.id, operation: operation.name };
  if (typeof endpoint === 'string') where.endpoint = endpoint;
  if (typeof variant === 'string') where.variant = variant;
  return where;
}

/** The faults that strike before any work is done. */
async function strikeBefore(world: World, where: Where): Promise<void> {
  const delay = world.faults.strike(['delay'], where);
  if (delay !== undefined) await world.clock.sleep(delay.milliseconds ?? 1000);
  const fault = world.faults.strike(['throttle', 'error', 'deny'], where);
  if (fault === undefined) return;
  if (fault.kind === 'deny') throw denied(where);
  if (fault.kind === 'throttle') throw throttled(where.service);
  const status = fault.status ?? 500;
  const code = status === 503 ? 'ServiceUnavailable' : status >= 500 ? 'InternalFailure' : 'ValidationException';
  throw new AwsError(code, `A fault on demand (${fault.id}).`, { status });
}

/** S3 asks to slow down; the services that come from Query have a shorter word for it than those of JSON. */
function throttled(service: string | undefined): AwsError {
  if (service === 's3') return new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 });
  const query = service === 'cloudwatch' || service === 'sts' || service === 'sns';
  return new AwsError(query ? 'Throttling' : 'ThrottlingException', 'Rate exceeded');
}

/** What IAM refuses. S3 long said no more than this; the others name the action. */
function denied({ service, operation }: Where): AwsError {
  if (service === 's3') return new AwsError('AccessDenied', 'Access Denied', { status: 403 });
  const action = `${service?.replace('-runtime', '')}:${operation}`;
  const query = service === 'cloudwatch' || service === 'sts' || service === 'sns';
  const words = `User is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  return query ? new AwsError('AccessDenied', words, { status: 403 }) : new AwsError('AccessDeniedException', words);
}

/** What is no refusal is a defect of the emulator: the client sees a 500, the cause goes to the log. */
function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`shadowctl emulator: ${message}\n`);
  return new AwsError('InternalFailure', 'The emulator failed unexpectedly; its log says why.', { status: 500 });
}
