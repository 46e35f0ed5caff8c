import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import type { WireRequest } from '../protocols/wire.ts';
import type { World } from '../world/world.ts';

/** Who asks, where and when: everything an operation may know beside its input. */
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
}

/**
 * One AWS operation: a checked input in the shape of AWS's own description (dates as `Date`, blobs as `Uint8Array`)
 * to an output in the same terms. It throws `AwsError` to refuse.
 */
// biome-ignore lint: the shapes differ per operation; each service file narrows them with the SDK's types.
// oxlint-disable-next-line typescript/no-explicit-any
export type Operation = (context: Context, input: any) => unknown | Promise<unknown>;

/** The operations of one service by AWS's names; what is missing here but known to AWS answers NotImplemented. */
export type Operations = Record<string, Operation>;

/** What only the service itself knows of its requests, called by the gateway. */
export interface Hooks {
  /** Which operation a REST request is; undefined where AWS has none such. Without it, the first whose method and path fit. */
  operationOf?(service: ServiceModel, request: WireRequest): string | undefined;
  /** Called before the request is parsed; throws `AwsError` to refuse. */
  checkRequest?(world: World, operation: OperationModel, request: WireRequest): void;
}
