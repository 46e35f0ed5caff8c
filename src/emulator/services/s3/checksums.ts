import { createHash } from 'node:crypto';
import type { Checksum } from '../../world/objects/records.ts';
import { CRC32, CRC32C, CRC64NVME, combineCrc, crc } from './crc.ts';
import { invalidRequest } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

const CRCS = { ChecksumCRC32: CRC32, ChecksumCRC32C: CRC32C, ChecksumCRC64NVME: CRC64NVME } as const;
const HASHES = {
  ChecksumSHA1: 'sha1',
  ChecksumSHA256: 'sha256',
  ChecksumSHA512: 'sha512',
  ChecksumMD5: 'md5',
} as const;

/** The checksums that are computed and compared. */
const CHECKED: readonly string[] = [...Object.keys(CRCS), ...Object.keys(HASHES)];
/** Those of the XXHASH family are kept and given back, but nothing here can compute them. */
const KNOWN: readonly string[] = [...CHECKED, 'ChecksumXXHASH64', 'ChecksumXXHASH3', 'ChecksumXXHASH128'];

/** What S3 adds where the client gave none. */
export const DEFAULT_CHECKSUM = 'ChecksumCRC64NVME';

/** `ChecksumCRC32` for `CRC32`. */
export function memberOf(algorithm: string): string {
  return `Checksum${algorithm}`;
}

/** `CRC32` for `ChecksumCRC32`. */
export function algorithmOf(member: string): string {
  return member.slice('Checksum'.length);
}

/** The base64 checksum of the bytes; undefined where it cannot be computed. */
export function checksumOf(member: string, bytes: Uint8Array): string | undefined {
  const hash = HASHES[member as keyof typeof HASHES];
  if (hash !== undefined) return createHash(hash).update(bytes).digest('base64');
  const kind = CRCS[member as keyof typeof CRCS];
  return kind === undefined ? undefined : encodeCrc(crc(kind, bytes), kind.bits);
}

/** The checksum the client sent with its bytes, by member; undefined where it sent none. */
export function givenChecksum(input: object): [member: string, value: string] | undefined {
  const given = KNOWN.flatMap((member): [string, string][] => {
    const value = (input as Record<string, unknown>)[member];
    return typeof value === 'string' ? [[member, value]] : [];
  });
  if (given.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  return given[0];
}

/** Compares what the client says of its bytes, Content-MD5 included, with the bytes. Throws BadDigest where they differ. */
export function verifyBody(input: { ContentMD5?: string | undefined }, bytes: Uint8Array): void {
  if (input.ContentMD5 !== undefined) {
    if (Buffer.from(input.ContentMD5, 'base64').length !== 16) {
      throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.', {
        details: { 'Content-MD5': input.ContentMD5 },
      });
    }
    const calculated = createHash('md5').update(bytes).digest('base64');
    if (calculated !== input.ContentMD5) {
      throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
        details: { ExpectedDigest: input.ContentMD5, CalculatedDigest: calculated },
      });
    }
  }
  const given = givenChecksum(input);
  if (given === undefined) return;
  const [member, value] = given;
  const calculated = checksumOf(member, bytes);
  if (calculated === undefined || calculated === value) return;
  if (Buffer.from(value, 'base64').length !== Buffer.from(calculated, 'base64').length) {
    throw invalidRequest(`Value for x-amz-checksum-${algorithmOf(member).toLowerCase()} header is invalid.`);
  }
  throw badDigest(member);
}

export function badDigest(member: string): AwsError {
  return new AwsError('BadDigest', `The ${algorithmOf(member)} you specified did not match the calculated checksum.`);
}

/** The checksum to keep with an object that came in one piece. */
export function checksumToKeep(input: object, bytes: Uint8Array): Checksum {
  const [member, value] = givenChecksum(input) ??
    askedChecksum(input, bytes) ?? [DEFAULT_CHECKSUM, checksumOf(DEFAULT_CHECKSUM, bytes) ?? ''];
  return { member, value, type: 'FULL_OBJECT' };
}

/** The algorithm named without a value, as by a copy: S3 computes it. */
function askedChecksum(
  input: { ChecksumAlgorithm?: string | undefined },
  bytes: Uint8Array,
): [string, string] | undefined {
  if (input.ChecksumAlgorithm === undefined) return undefined;
  const member = memberOf(input.ChecksumAlgorithm);
  const value = checksumOf(member, bytes);
  return value === undefined ? undefined : [member, value];
}

/**
 * The checksum of an object from those of its parts. COMPOSITE: the checksum of the parts' checksums, and how many;
 * FULL_OBJECT: that of all the bytes, which a CRC gives without reading them again.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function checksumOfParts(
  member: string,
  type: Checksum['type'],
  parts: readonly { value: string; size: number }[],
): string | undefined {
  if (type === 'COMPOSITE') {
    const joined = checksumOf(member, Buffer.concat(parts.map(({ value }) => Buffer.from(value, 'base64'))));
    return joined === undefined ? undefined : `${joined}-${parts.length}`;
  }
  const kind = CRCS[member as keyof typeof CRCS];
  if (kind === undefined) return undefined;
  const whole = parts.reduce((sum, { value, size }) => combineCrc(kind, sum, decodeCrc(value), size), 0n);
  return encodeCrc(whole, kind.bits);
}

function encodeCrc(value: bigint, bits: number): string {
  return Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex').toString('base64');
}

function decodeCrc(value: string): bigint {
  return BigInt(`0x${Buffer.from(value, 'base64').toString('hex') || '0'}`);
}
