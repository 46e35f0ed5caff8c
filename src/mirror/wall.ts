import type { Clock } from '../base/clock.ts';

/** Milliseconds by which clocks may differ before it counts as a jump. */
const JUMP = 2_000;

/**
 * The time of day as records have it: it goes on with the machine's own pace, follows a clock that was put on, and never goes
 * back, so that what came later is later.
 */
export function steadyWall(clock: Clock, now: () => number, jumped: (by: number) => void) {
  let offset = clock.now() - now();
  let behind = false;
  return {
    now: () => Math.round(offset + now()),
    check() {
      const by = clock.now() - (offset + now());
      if (by > JUMP) {
        offset += by;
        jumped(Math.round(by));
      } else if (by < -JUMP && !behind) jumped(Math.round(by));
      behind = by < -JUMP;
    },
  };
}
