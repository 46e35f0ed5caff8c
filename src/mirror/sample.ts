import { createHash } from 'node:crypto';
import type { SampleBy, ShadowConfig } from './config.ts';
import { headerValue, type RawHeaders } from './headers.ts';
import { cookieValue, isInHeaders, type Slice } from './slices.ts';

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
  return by.kind === 'header' ? headerValue(headers, by.name) : cookieValue(headers, by.name);
}

/** How live requests are divided between the live side and a candidate. */
export interface Division {
  /** The shadow that answers a part of the requests. */
  shadow: string;
  /** Of the requests that are in no slice, 0 to 1. */
  share: number;
  /** What is drawn: single requests, or all of one value, which then stay with one side. */
  by: SampleBy;
  /** Requests in one of these are the candidate's, all of them. */
  slices: readonly Slice[];
}

/**
 * Does the candidate answer this request? Whoever was given to it stays with it while its share grows: the draw is the
 * same, and has nothing to do with which requests are copied.
 *
 * @param id of the request
 * @returns `by-body`: its body decides, which must be read first
 */
export function isGiven({ share, by, slices }: Division, id: string, headers: RawHeaders): boolean | 'by-body' {
  if (share >= 1 || isInHeaders(slices, headers)) return true;
  if (share > 0 && fraction(`canary\0${sampleKey(by, headers) ?? `\0${id}`}`) < share) return true;
  return slices.some(({ kind }) => kind === 'body') ? 'by-body' : false;
}

/** A number from 0 to 1, evenly spread over texts. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}
