import type { World } from '../world/world.ts';

/** The world with its clock at a moment: a call happens at its time, though somebody looks later. */
export function asOf(world: World, at: number): World {
  const { clock } = world;
  return {
    ...world,
    clock: {
      virtual: clock.virtual,
      now: () => at,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      all: (branches) => clock.all(branches),
    },
  };
}
