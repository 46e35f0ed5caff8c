import { counted } from '../../base/units.ts';
import type { PairingMethod } from '../predictions.ts';

/** A way in which records can be paired, and how many pairs it makes. */
export interface Tried {
  method: PairingMethod;
  pairs: number;
}

/** What fewer of the answers carry than this share leaves most of the evidence aside. */
const ENOUGH = 0.5;
/** Ids are surer than equal inputs, and the caller's than SageMaker's: another way must make so many times as many pairs. */
const MORE = 2;

/**
 * Whether a way of pairing need not be compared with others, by what it pairs alone: most of what the side with fewer answers
 * has. Where only a few callers send an id, all others would be left out.
 *
 * @param least answers of the side with fewer
 */
export function pairsMost(pairs: number, least: number): boolean {
  return pairs > 0 && pairs >= ENOUGH * least;
}

/**
 * The same by what could be paired: answers without a counterpart that carry an id are no reason to look at inputs.
 *
 * @param keyed share of the answers that carry what it pairs by, 0 to 1, of the side of which fewer do
 */
export function keysMost(pairs: number, keyed: number): boolean {
  return pairs > 0 && keyed >= ENOUGH;
}

/** The way that is taken, of those tried, the surest first; undefined where none pairs anything. */
export function chosenMethod(tried: readonly Tried[]): PairingMethod | undefined {
  let best: Tried | undefined;
  for (const one of tried) if (one.pairs > 0 && one.pairs >= MORE * (best?.pairs ?? 0)) best = one;
  return best?.method;
}

const BY: Readonly<Record<PairingMethod, string>> = {
  inferenceId: "the caller's InferenceId",
  eventId: "SageMaker's eventId",
  input: 'equal input at about the same time',
};

/** What the reader must know where a surer way was passed over; undefined where none was. */
export function passedOverNote(tried: readonly Tried[]): string | undefined {
  const method = chosenMethod(tried);
  const chosen = tried.find((one) => one.method === method);
  const other = tried.find((one) => one.pairs > 0);
  if (chosen === undefined || other === undefined || other === chosen) return undefined;
  return `Only ${counted(other.pairs, 'pairs')} share ${BY[other.method]}, so that requests were paired by ${BY[chosen.method]}: ${counted(chosen.pairs, 'pairs')}.`;
}
