import { stopwatch } from '../../../base/clock.ts';
import type { Platform } from '../world.ts';
import type { ShadowCopy } from '../endpoints/endpoint.ts';
import type { Variant } from '../fleet/variant.ts';
import { logTarget } from '../fleet/instance.ts';
import { type Answer, ask, withOverhead } from './ask.ts';
import { pickInstance } from './pick.ts';
import { recordAnswer } from './record.ts';

const NO_ANSWER: Answer = {
  response: { status: 0, body: new Uint8Array(), contentType: 'text/plain' },
  modelLatency: 0,
  overheadLatency: 0,
  container: 'primary',
  remaining: 0,
  measured: 0,
};

/**
 * How many copies may wait for a shadow's container at a time. What SageMaker does beyond its limit is not sourced
 * (facts 11); here the copy is dropped and the shadow's log says so.
 */
const MAX_IN_FLIGHT = 1_000;

/** Copies wait here until the answer to production's caller is on its way: a shadow costs the caller nothing. */
export class ShadowQueue {
  #copies: ShadowCopy[] = [];
  #scheduled = false;
  readonly #world: Platform;

  constructor(world: Platform) {
    this.#world = world;
  }

  add(copy: ShadowCopy): void {
    this.#copies.push(copy);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.drain();
    });
  }

  /** Sends what waits. */
  drain(): void {
    if (this.#copies.length === 0) return;
    const copies = this.#copies;
    this.#copies = [];
    for (const copy of copies) send(this.#world, copy);
  }
}

/** Draws whether a request is copied, by the shadow's weight over production's (facts 1.3). */
export function isMirrored(world: Platform, production: Variant, shadow: Variant): boolean {
  const weight = shadow.record.weight;
  const share = world.switches.shadowSampling === 'weight' ? weight : weight / (production.record.weight || 1);
  return share >= 1 || world.random.next() < share;
}

function send(world: Platform, { variant, request, caller, at }: ShadowCopy): void {
  const instance = pickInstance(world, variant);
  if (!instance) return;
  if (variant.inFlight >= MAX_IN_FLIGHT) {
    const message = `shadow request dropped: ${variant.inFlight} requests are waiting for the container`;
    world.logs.append(logTarget(variant.endpoint, variant.record, instance.record, 0), [{ timestamp: at, message }]);
    return;
  }
  variant.inFlight += 1;
  const began = stopwatch(world.clock);
  const note = (answer: Answer) => {
    variant.inFlight -= 1;
    recordAnswer(world, variant, request, caller, withOverhead(world, answer, began), at + answer.remaining);
  };
  const answer = ask(world, variant, instance, request, { at });
  // A shadow must never bring the emulator down, whatever its container does.
  if (answer instanceof Promise) answer.catch(() => NO_ANSWER).then(note, () => {});
  else note(answer);
}
