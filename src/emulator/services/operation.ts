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

/** A refusal in AWS's own terms; the protocol decides what it looks like on the wire. */
export class AwsError extends Error {
  /** AWS's code, for example `ValidationException`. */
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, for example `OriginalStatusCode` of a ModelError. */
  readonly details: Record<string, unknown>;

  constructor(code: string, message: string, options: { status?: number; details?: Record<string, unknown> } = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = options.status ?? 400;
    this.details = options.details ?? {};
  }
}

/** SageMaker's refusal for nearly everything. */
export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
