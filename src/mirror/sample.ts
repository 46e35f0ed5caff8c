import { createHash } from 'node:crypto';
import type { SampleBy, ShadowConfig } from './config.ts';
import { headerValue, type RawHeaders } from './headers.ts';

/**
 * Whether this shadow gets a copy of a request. Requests with one value of the header (or cookie) get copies together,
 * today and after a restart; shadows are drawn apart from each other. A request without the value is drawn by itself.
 *
 * @param id of the request
 */
export function isDrawn(
  { name, share, by, seed }: Pick<ShadowConfig, 'name' | 'share' | 'by' | 'seed'>,
  id: string,
  headers: RawHeaders,
): boolean {
  if (share >= 1) return true;
  if (share <= 0) return false;
  return fraction(`${seed}\0${name}\0${sampleKey(by, headers) ?? `\0${id}`}`) < share;
}

function sampleKey(by: SampleBy, headers: RawHeaders): string | undefined {
  if (by.kind === 'request') return undefined;
  if (by.kind === 'header') return headerValue(headers, by.name);
  const cookies = headerValue(headers, 'cookie')?.split(';') ?? [];
  const found = cookies.map((one) => one.trim()).find((one) => one.startsWith(`${by.name}=`));
  return found?.slice(by.name.length + 1);
}

/** A number from 0 to 1, evenly spread over texts. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}
