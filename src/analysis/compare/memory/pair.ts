import { createHash } from 'node:crypto';
import type { PairingMethod } from '../../predictions.ts';
import { median } from '../../statistics/distances.ts';
import type { Capture } from '../../answers/captures.ts';
import { chosenMethod, keysMost, pairsMost, type Tried } from '../pairing-method.ts';
import { MAX_RETRIED, pairRetries } from '../retries.ts';

export interface Pair {
  id: string;
  production: Capture;
  shadow: Capture;
}

export interface Pairing {
  method: PairingMethod | undefined;
  pairs: Pair[];
  /** The ways that were tried, the surest first. */
  tried: readonly Tried[];
  /** Of the pairs, those of ids that occur several times on each side. */
  retried: number;
  /** Records that share their key with another of the same side, and are in no pair. */
  ambiguous: { production: number; shadow: number };
  /** Records without a counterpart. */
  unmatched: { production: number; shadow: number };
  /** Median of the shadow's time less production's, in milliseconds: of pairs by id, or of inputs that occur once a side. */
  skewMs: number | undefined;
}

/** Copies of one request are answered within this time of each other: beyond, equal inputs are different requests. */
export const SAME_INPUT_MS = 5_000;

/**
 * Finds for each record of production the shadow's record of the same request: by the caller's InferenceId, which AWS
 * passes on to the shadow; else by eventId, where both happen to share it; else by equal input at about the same
 * time. One way for the whole report, so that the reader knows what a pair is: the first that pairs most of the answers,
 * or the one that pairs by far the most.
 */
export function pairUp(production: readonly Capture[], shadow: readonly Capture[]): Pairing {
  const tried: Tried[] = [];
  const joined: Partial<Record<PairingMethod, Joined>> = {};
  for (const method of ['inferenceId', 'eventId', 'input'] as const) {
    const found =
      method === 'input' ? joinByInput(production, shadow) : join(production, shadow, (capture) => capture[method]);
    joined[method] = found;
    const carries = (capture: Capture) => capture[method] !== undefined;
    const keyed = Math.min(
      ...[production, shadow].map((side) => side.filter(carries).length / Math.max(1, side.length)),
    );
    const pairs = found.pairs.length;
    tried.push({ method, pairs });
    if (pairsMost(pairs, Math.min(production.length, shadow.length)) || keysMost(pairs, keyed)) break;
  }
  const method = chosenMethod(tried);
  return { method, tried, ...(joined[method ?? 'input'] as Joined) };
}

type Joined = Omit<Pairing, 'method' | 'tried'>;

function join(
  production: readonly Capture[],
  shadow: readonly Capture[],
  key: (capture: Capture) => string | undefined,
): Joined {
  const left = byKey(production, key);
  const right = byKey(shadow, key);
  const pairs: Pair[] = [];
  for (const [id, ours] of left.of) {
    const theirs = right.of.get(id);
    if (ours.length === 1 && theirs?.length === 1)
      pairs.push({ id, production: ours[0] as Capture, shadow: theirs[0] as Capture });
  }
  const skewMs = median(pairs.map((pair) => pair.shadow.at - pair.production.at));
  const retried = retriesOf(left.of, right.of);
  pairs.push(...retried);
  const ambiguous = {
    production: left.repeated - retried.length,
    shadow: right.repeated - retried.length,
  };
  return {
    pairs,
    retried: retried.length,
    skewMs,
    ambiguous,
    unmatched: {
      production: production.length - ambiguous.production - pairs.length,
      shadow: shadow.length - ambiguous.shadow - pairs.length,
    },
  };
}

/** Records by their key, and how many share theirs. */
function byKey(captures: readonly Capture[], key: (capture: Capture) => string | undefined) {
  const of = new Map<string, Capture[]>();
  for (const capture of captures) {
    const id = key(capture);
    if (id === undefined) continue;
    const list = of.get(id);
    if (list === undefined) of.set(id, [capture]);
    else list.push(capture);
  }
  let repeated = 0;
  for (const list of of.values()) if (list.length > 1) repeated += list.length;
  return { of, repeated };
}

function retriesOf(left: ReadonlyMap<string, Capture[]>, right: ReadonlyMap<string, Capture[]>): Pair[] {
  const found: { id: string; ours: Capture[]; theirs: Capture[] }[] = [];
  for (const [id, ours] of left) {
    const theirs = ours.length > 1 ? right.get(id) : undefined;
    if (theirs?.length === ours.length) found.push({ id, ours, theirs });
  }
  if (found.reduce((sum, { ours }) => sum + ours.length, 0) > MAX_RETRIED) return [];
  const inTime = (captures: readonly Capture[]) => captures.toSorted((a, b) => a.at - b.at);
  return found.flatMap(({ id, ours, theirs }) =>
    pairRetries(inTime(ours), inTime(theirs)).map(([production, shadow]) => ({ id, production, shadow })),
  );
}

/** A pair stands only where each record is alone with its input on its own side for ten seconds. */
function joinByInput(production: readonly Capture[], shadow: readonly Capture[]): Joined {
  const left = byInput(production);
  const right = byInput(shadow);
  const pairs: Pair[] = [];
  let ambiguousProduction = 0;
  const taken = new Set<Capture>();
  const doubtful = new Set<Capture>();
  for (const [hash, captures] of left) {
    const candidates = right.get(hash) ?? [];
    for (const capture of captures) {
      const near = candidates.filter((other) => Math.abs(other.at - capture.at) <= SAME_INPUT_MS);
      const rivals = captures.filter((other) => Math.abs(other.at - capture.at) <= 2 * SAME_INPUT_MS);
      const [other] = near;
      const itsRivals = candidates.filter((one) => Math.abs(one.at - (other?.at ?? 0)) <= 2 * SAME_INPUT_MS);
      if (other !== undefined && near.length === 1 && rivals.length === 1 && itsRivals.length === 1) {
        pairs.push({ id: `input ${hash}`, production: capture, shadow: other });
        taken.add(other);
      } else if (near.length > 0) {
        ambiguousProduction += 1;
        for (const one of near) doubtful.add(one);
      }
    }
  }
  const ambiguousShadow = [...doubtful].filter((one) => !taken.has(one)).length;
  const apart = [...left].flatMap(([hash, [one, ...more]]) => {
    const [other, ...others] = right.get(hash) ?? [];
    return one === undefined || other === undefined || more.length + others.length > 0 ? [] : [other.at - one.at];
  });
  return {
    pairs,
    retried: 0,
    skewMs: median(apart),
    ambiguous: { production: ambiguousProduction, shadow: ambiguousShadow },
    unmatched: {
      production: production.length - ambiguousProduction - pairs.length,
      shadow: shadow.length - ambiguousShadow - pairs.length,
    },
  };
}

function byInput(captures: readonly Capture[]): Map<string, Capture[]> {
  const found = new Map<string, Capture[]>();
  for (const capture of captures) {
    if (capture.input === undefined) continue;
    const hash = createHash('sha256').update(capture.input.data).digest('hex').slice(0, 16);
    const list = found.get(hash);
    if (list === undefined) found.set(hash, [capture]);
    else list.push(capture);
  }
  return found;
}
