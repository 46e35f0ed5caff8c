import { compilePattern } from './pattern.ts';

/** The services there are, by the name of their description in `models/`. */
export const SERVICE_IDS = [
  'sagemaker',
  'sagemaker-runtime',
  'cloudwatch',
  'logs',
  's3',
  'sts',
  'sns',
  'application-autoscaling',
  'scheduler',
  'iam',
  'ecr',
  'lambda',
  'pricing',
  'events',
  'sqs',
  'cloudformation',
  'athena',
  'glue',
] as const;

export type ServiceId = (typeof SERVICE_IDS)[number];

type ShapeType =
  | 'structure'
  | 'list'
  | 'map'
  | 'string'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'boolean'
  | 'timestamp'
  | 'blob';

export type TimestampFormat = 'iso8601' | 'rfc822' | 'unixTimestamp';

/** A shape of AWS's description with its references resolved; recursive shapes refer to themselves. */
export interface Shape {
  name: string;
  type: ShapeType;
  /** Of a structure, in AWS's order. */
  members: readonly Member[];
  /** Of a list. */
  item: Member | undefined;
  /** Of a map. */
  key: Member | undefined;
  value: Member | undefined;
  enum: readonly string[] | undefined;
  min: number | undefined;
  max: number | undefined;
  /** As AWS writes it, and compiled for a whole string; `test` is undefined where JavaScript cannot express it. */
  pattern: { source: string; test: RegExp | undefined } | undefined;
  flattened: boolean;
  /** True where AWS shows no value in its refusals. */
  sensitive: boolean;
  /** The member that is the whole body of a REST message. */
  payload: string | undefined;
  timestampFormat: TimestampFormat | undefined;
  error: { code?: string; httpStatusCode?: number; senderFault?: boolean } | undefined;
}

/** A reference to a shape with what the reference adds. */
export interface Member {
  name: string;
  shape: Shape;
  /** The name on the wire; `name` where AWS gives no other. */
  wireName: string;
  /** True where AWS gives a name for the wire. */
  named: boolean;
  location: 'header' | 'headers' | 'uri' | 'querystring' | 'statusCode' | undefined;
  required: boolean;
  flattened: boolean;
  timestampFormat: TimestampFormat | undefined;
  xmlNamespace: string | undefined;
}

export interface OperationModel {
  service: ServiceModel;
  name: string;
  /** False: known to AWS, not built here. */
  built: boolean;
  http: { method: string; requestUri: string; responseCode?: number };
  input: Shape | undefined;
  /** Name and namespace of an XML input's root, where AWS gives one. */
  inputRoot: { name: string | undefined; namespace: string | undefined };
  output: Shape | undefined;
  /** The Query protocol's element around the output. */
  resultWrapper: string | undefined;
  checksum: { requestAlgorithmMember?: string; requestChecksumRequired?: boolean } | undefined;
}

export interface ServiceModel {
  id: ServiceId;
  metadata: {
    apiVersion: string;
    serviceId: string;
    endpointPrefix: string;
    signingName?: string;
    targetPrefix?: string;
    jsonVersion?: string;
    protocol: string;
    protocols: readonly string[];
    xmlNamespace?: string;
    awsQueryCompatible?: object;
  };
  operationNames: readonly string[];
  /** Undefined when AWS has no such operation. Shapes are resolved when an operation is first asked for. */
  operation(name: string): OperationModel | undefined;
  /** The error shape that goes by this name, or by this code of the Query protocol. */
  error(code: string): Shape | undefined;
}

interface RawReference {
  shape: string;
  locationName?: string;
  location?: Member['location'];
  flattened?: boolean;
  timestampFormat?: TimestampFormat;
  xmlNamespace?: { uri: string } | string;
  resultWrapper?: string;
}

interface RawShape {
  type: string;
  members?: Record<string, RawReference>;
  required?: string[];
  member?: RawReference;
  key?: RawReference;
  value?: RawReference;
  enum?: string[];
  min?: number;
  max?: number;
  pattern?: string;
  flattened?: boolean;
  sensitive?: boolean;
  payload?: string;
  timestampFormat?: TimestampFormat;
  error?: Shape['error'];
  exception?: boolean;
}

interface RawOperation {
  built?: boolean;
  http?: OperationModel['http'];
  input?: RawReference;
  output?: RawReference;
  httpChecksum?: OperationModel['checksum'];
}

/** AWS's description as it is kept in `models/`. */
export interface RawModel {
  metadata: ServiceModel['metadata'];
  operations: Record<string, RawOperation>;
  shapes: Record<string, RawShape>;
}

/** Makes a service's description walkable. */
export function resolveModel(id: ServiceId, raw: RawModel): ServiceModel {
  const shapes = new Map<string, Shape>();
  const operations = new Map<string, OperationModel>();
  const shape = (name: string) => shapes.get(name) ?? resolveShape(name, raw, shapes);
  const errors = new Map<string, Shape>();
  const service: ServiceModel = {
    id,
    metadata: raw.metadata,
    operationNames: Object.keys(raw.operations),
    operation(name) {
      const known = operations.get(name);
      if (known !== undefined) return known;
      const operation = Object.hasOwn(raw.operations, name) ? raw.operations[name] : undefined;
      if (operation === undefined) return undefined;
      const resolved: OperationModel = {
        service,
        name,
        built: operation.built === true,
        http: operation.http ?? { method: 'POST', requestUri: '/' },
        input: operation.input && shape(operation.input.shape),
        inputRoot: { name: operation.input?.locationName, namespace: namespaceOf(operation.input) },
        output: operation.output && shape(operation.output.shape),
        resultWrapper: operation.output?.resultWrapper,
        checksum: operation.httpChecksum,
      };
      operations.set(name, resolved);
      return resolved;
    },
    error(code) {
      if (errors.size === 0) {
        for (const [name, one] of Object.entries(raw.shapes)) {
          if (one.exception !== true) continue;
          const resolved = shape(name);
          errors.set(name, resolved);
          if (one.error?.code !== undefined && !errors.has(one.error.code)) errors.set(one.error.code, resolved);
        }
      }
      return errors.get(code);
    },
  };
  return service;
}

function resolveShape(name: string, raw: RawModel, known: Map<string, Shape>): Shape {
  const source = raw.shapes[name];
  if (source === undefined) throw new Error(`The description of ${raw.metadata.serviceId} has no shape ${name}.`);
  const members: Member[] = [];
  const shape: Shape = {
    name,
    type: (source.type === 'character' ? 'string' : source.type) as ShapeType,
    members,
    item: undefined,
    key: undefined,
    value: undefined,
    enum: source.enum,
    min: source.min,
    max: source.max,
    pattern: source.pattern === undefined ? undefined : compilePattern(source.pattern),
    flattened: source.flattened === true,
    sensitive: source.sensitive === true,
    payload: source.payload,
    timestampFormat: source.timestampFormat,
    error: source.error,
  };
  known.set(name, shape);
  const required = new Set(source.required);
  const member = (memberName: string, reference: RawReference): Member => ({
    name: memberName,
    shape: known.get(reference.shape) ?? resolveShape(reference.shape, raw, known),
    wireName: reference.locationName ?? memberName,
    named: reference.locationName !== undefined,
    location: reference.location,
    required: required.has(memberName),
    flattened: reference.flattened === true,
    timestampFormat: reference.timestampFormat,
    xmlNamespace: namespaceOf(reference),
  });
  for (const [memberName, reference] of Object.entries(source.members ?? {})) {
    members.push(member(memberName, reference));
  }
  if (source.member !== undefined) shape.item = member('member', source.member);
  if (source.key !== undefined) shape.key = member('key', source.key);
  if (source.value !== undefined) shape.value = member('value', source.value);
  return shape;
}

function namespaceOf(reference: RawReference | undefined): string | undefined {
  const namespace = reference?.xmlNamespace;
  return typeof namespace === 'string' ? namespace : namespace?.uri;
}
