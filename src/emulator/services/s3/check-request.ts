import { createHash } from 'node:crypto';
import { header, type WireRequest } from '../../protocols/wire.ts';
import { notImplemented } from './errors.ts';
import { checksumOf, memberOf, verifyBody } from './checksums.ts';
import type { OperationModel } from '../../model/shapes.ts';
import type { World } from '../../world/world.ts';
import { AwsError } from '../../model/aws-error.ts';

/** Bodies of XML (DeleteObjects, tagging) have no members for their checksums, so they are verified here; objects' are S3's own affair. */
const HEADER = /^x-amz-checksum-([a-z0-9]+)$/;

/** Headers (in a presigned URL: parameters) whose meaning is not built: to take them silently would promise what does not happen. */
const UNBUILT =
  /^x-amz-(?:(?:copy-source-)?server-side-encryption-customer-|object-lock-|bucket-object-lock-|bypass-governance-|grant-|write-offset-|bucket-namespace|if-match-(?:size|last-modified-time|initiated-time)$)/;

function refuseUnbuilt({ headers, query }: WireRequest): void {
  const given = [...Object.entries(headers), ...query.map(([name, value]) => [name.toLowerCase(), value] as const)];
  const found = given.find(([name, value]) => UNBUILT.test(name) && value !== 'false');
  if (found !== undefined) throw notImplemented(found[0]);
}

/**
 * What S3 checks before it looks at the request: the hash the signer put over the body, the checksums of XML bodies,
 * the date of a presigned URL, and what the emulator has not built. Throws S3's XAmzContentSHA256Mismatch, BadDigest, AccessDenied and their kin.
 */
export function checkRequest(world: World, operation: OperationModel, request: WireRequest): void {
  refuseUnbuilt(request);
  checkExpiry(world, request);
  checkPayloadHash(header(request, 'x-amz-content-sha256'), request.body);
  if (operation.checksum?.requestChecksumRequired !== true) return;
  const given: Record<string, string> = {};
  let named = false;
  for (const name in request.headers) {
    const algorithm = HEADER.exec(name)?.[1]?.toUpperCase();
    if (algorithm === undefined || algorithm === 'TYPE') continue;
    named = true;
    const member = memberOf(algorithm);
    const value = header(request, name);
    if (value !== undefined && checksumOf(member, new Uint8Array()) !== undefined) given[member] = value;
  }
  const md5 = header(request, 'content-md5');
  if (!named && md5 === undefined) {
    throw new AwsError('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  verifyBody({ ...given, ContentMD5: md5 }, request.body);
}

function checkPayloadHash(given: string | undefined, body: Uint8Array): void {
  if (given === undefined || !/^[0-9a-fA-F]{64}$/.test(given)) return;
  const calculated = createHash('sha256').update(body).digest('hex');
  if (calculated === given.toLowerCase()) return;
  throw new AwsError(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { details: { ClientComputedContentSHA256: given, S3ComputedContentSHA256: calculated } },
  );
}

/** Clients sign by the machine's clock, so under a virtual one nothing can be said of a URL's age. */
function checkExpiry(world: World, request: WireRequest): void {
  if (world.clock.virtual || request.query.length === 0) return;
  const expiry = expiryOf(request.query);
  if (expiry === undefined || world.clock.now() <= expiry.at) return;
  throw new AwsError('AccessDenied', 'Request has expired', {
    status: 403,
    details: {
      ...expiry.shown,
      Expires: new Date(expiry.at).toISOString(),
      ServerTime: new Date(world.clock.now()).toISOString(),
    },
  });
}

/** When a presigned URL ends, in milliseconds since the epoch; undefined for any other request. */
function expiryOf(query: WireRequest['query']): { at: number; shown: Record<string, unknown> } | undefined {
  const find = (wanted: string) => query.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(find('x-amz-date') ?? '');
  const seconds = find('x-amz-expires');
  if (signed !== null && seconds !== undefined && /^-?\d{1,9}$/.test(seconds)) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = signed.slice(1).map(Number);
    const at = Date.UTC(year, month - 1, day, hour, minute, second) + Number(seconds) * 1000;
    return { at, shown: { 'X-Amz-Expires': seconds } };
  }
  // Signature version 2 names the second itself; boto3 still signs so for a URL of one's own.
  const epoch = find('awsaccesskeyid') === undefined ? undefined : find('expires');
  return epoch !== undefined && /^\d{1,11}$/.test(epoch) ? { at: Number(epoch) * 1000, shown: {} } : undefined;
}
