/** What else must not stand in a recording: keys and tokens as they are used at this moment. */
export type Secrets = readonly string[];

/** Twelve digits by themselves: an account. */
const ACCOUNT = /(?<!\d)\d{12}(?!\d)/g;
const NOBODY = '000000000000';
/** Long-lived, temporary and unique ids of IAM. */
const KEY_ID = /\b(?:AKIA|ASIA|AIDA|AROA|AGPA|ANPA)[A-Z0-9]{12,}\b/g;
/** Names of people and roles in ARNs, sessions included. */
const WHO = /:(assumed-role|user|role|federated-user)\/[\w+=,.@/-]+/g;
/** IAM names a role that it does not find. */
const NAMED = /(role with name )[\w+=,.@-]+/g;
const MAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

/** A text without account ids, secrets, and names of who works there. */
export function redact(text: string, secrets: Secrets): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, 'redacted');
  return clean
    .replace(WHO, ':$1/redacted')
    .replace(NAMED, '$1redacted')
    .replace(MAIL, 'redacted')
    .replace(KEY_ID, 'redacted')
    .replace(ACCOUNT, NOBODY);
}

/**
 * A value of the SDK as one line of JSON: bytes and streams by their length, what containers are given in their
 * environment by its names, of a role its ARN, and of the reply's metadata nothing.
 */
export function asJson(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === '$metadata' || key === 'ResponseMetadata') return undefined;
    if (key === 'Environment' && isPlain(inner)) return Object.keys(inner);
    // A trust policy says who works with whom.
    if (key === 'Role' && isPlain(inner)) return { Arn: inner.Arn };
    if (key === 'RoleName') return 'redacted';
    if (key !== 'Body' && key !== 'blob') return inner;
    if (typeof inner === 'string' || inner instanceof Uint8Array) return `${inner.length} bytes`;
    return inner === undefined ? undefined : 'a stream';
  });
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
