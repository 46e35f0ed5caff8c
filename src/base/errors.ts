import type { Text } from './text.ts';

/**
 * What kind of failure this is; `main` maps each kind to an exit code.
 *
 * - `usageError`: the words of the call, the config file or an input file are wrong (exit 2)
 * - `cannot-run`: the world does not permit it: credentials, AWS, a lock, a missing file (exit 2)
 * - `no`: the work was done and the answer is no, for example a rollback (exit 1)
 * - `interrupted`: the user said stop (exit 130)
 */
export type ProblemKind = 'usage' | 'cannot-run' | 'no' | 'interrupted';

/**
 * A failure that is understood: the message says what happened, with the wrong value; `next` says what to do about it.
 * Anything else that is thrown is a defect of shadowctl and is shown as one.
 */
export class Problem extends Error {
  readonly kind: ProblemKind;
  /** What to do next, one sentence or command a line. */
  readonly next: Text | undefined;
  /** Somebody without an AWS account may have met this: the emulator is offered with it. */
  readonly offersEmulator: boolean;

  constructor(
    kind: ProblemKind,
    message: string,
    options: { next?: Text | undefined; cause?: unknown; offersEmulator?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.kind = kind;
    this.next = options.next;
    this.offersEmulator = options.offersEmulator === true;
  }
}

/** The words of the call, a config file or an input file are wrong. */
export function usageError(message: string, next?: Text, cause?: unknown): Problem {
  return new Problem('usage', message, { next, cause });
}

/** The world does not permit what was asked for. */
export function environmentError(message: string, next?: Text, cause?: unknown): Problem {
  return new Problem('cannot-run', message, { next, cause });
}

/** The user interrupted; `message` says what stands and how to go on. */
export function interrupted(message: string, next?: Text): Problem {
  return new Problem('interrupted', message, { next });
}
