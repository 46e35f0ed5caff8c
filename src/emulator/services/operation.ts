import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import type { WireRequest } from '../protocols/wire.ts';
import type { Principal } from '../world/callers.ts';
import type { World } from '../world/world.ts';

/** Who calls, from which region and when: everything an operation may know besides its input. */
export interface Context {
  /** Twelve digits. */
  account: string;
  region: string;
  requestId: string;
  /** The access key the call was signed with; undefined for an unsigned one. */
  accessKeyId?: string | undefined;
  /** `http://127.0.0.1:port`, as the client addressed it. */
  baseUrl: string;
  world: World;
  /** Who signed the call. */
  caller: Principal;
  /** Why the caller may not do something besides what the operation itself needs, in AWS's words; undefined where it may. */
  refusal?: (action: string, resource: string) => string | undefined;
}

/**
 * One AWS operation: a checked input in the shape of AWS's own description (dates as `Date`, blobs as `Uint8Array`)
 * to an output in the same terms. It throws `AwsError` to refuse. Each takes the input of its own name alone, which the
 * gateway's validation vouches for; `OperationsOf` holds it to the SDK's types.
 */
export type Operation = (context: Context, input: never) => unknown;

/** The operations of one service by AWS's names; what is missing here but known to AWS answers NotImplemented. */
export type Operations = Readonly<Record<string, Operation>>;

/**
 * The operations of a client of the SDK, as the emulator writes them. An input may be narrower than the SDK's (what AWS
 * demands is there, and is not checked again), which the type of a method permits.
 */
export type OperationsOf<Client> = {
  readonly [Name in keyof Client as Name extends string ? Capitalize<Name> : never]?: Client[Name] extends Call<
    infer Input,
    infer Output
  >
    ? Handler<Input, Output>
    : never;
};

type Call<Input, Output> = (input: Input, options: never, callback: (error: unknown, output?: Output) => void) => void;

type Handler<Input, Output> = {
  handle(context: Context, input: Input): Answer<Output> | Promise<Answer<Output>>;
}['handle'];

/** What an operation answers: the SDK adds metadata, and makes a stream of the bytes. */
type Answer<Output> = {
  [Name in keyof Output as Name extends '$metadata' ? never : Name]: Name extends 'Body' | 'Payload'
    ? Uint8Array | undefined
    : Output[Name];
};

/** What only the service itself knows of its requests, called by the gateway. */
export interface Hooks {
  /** Which operation a REST request is; undefined where AWS has no such operation. Without it, the first whose method and path fit. */
  operationOf?(service: ServiceModel, request: WireRequest): string | undefined;
  /** The region of a call whose signature names none; undefined for the default. */
  regionOf?(world: World, input: Record<string, unknown>): string | undefined;
  /** Called before the request is parsed; throws `AwsError` to refuse. */
  checkRequest?(world: World, operation: OperationModel, request: WireRequest): void;
}
