/** A payload of GoReplay. Milliseconds. */
export interface Payload {
  kind: 1 | 2 | 3;
  id: string;
  at: number;
  /** How long it took to pass; undefined: it does not say. */
  took?: number;
  message: string;
}

/** The payloads as a file of GoReplay has them (protocol.go of 1.3). */
export function goReplay(payloads: readonly Payload[]): string {
  const nanoseconds = (ms: number) => String(BigInt(Math.round(ms * 1000)) * 1000n);
  return payloads
    .map(
      ({ kind, id, at, took, message }) =>
        `${kind} ${id} ${nanoseconds(at)}${took === undefined ? '' : ` ${nanoseconds(took)}`}\n${message}\n🐵🙈🙉\n`,
    )
    .join('');
}
