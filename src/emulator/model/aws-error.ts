/** A refusal in AWS's own terms; the protocol decides what it looks like on the wire. */
export class AwsError extends Error {
  /** AWS's code, for example `ValidationException`. */
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, for example `OriginalStatusCode` of a ModelError. */
  readonly details: Record<string, unknown>;

  /** What clients of the Query protocol know it as, where AWS's description does not say. */
  readonly queryCode: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { status?: number; details?: Record<string, unknown>; queryCode?: string } = {},
  ) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = options.status ?? 400;
    this.details = options.details ?? {};
    this.queryCode = options.queryCode;
  }
}

/** @param what that AWS has and the emulator has not. Refused by name, as services refuse what they know and do not support. */
export function notBuilt(what: string): AwsError {
  return new AwsError('NotImplemented', `The emulator has not built ${what}.`, { status: 501 });
}
