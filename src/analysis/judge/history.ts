import type { Gate } from './verdict.ts';

const STEPS = 60;

/** How an estimate and its interval grew: at most sixty of `length` moments, the last always among them. */
export function history(
  length: number,
  at: (steps: number) => { n: number; estimate: number; interval: readonly [number, number] } | undefined,
): NonNullable<Gate['history']> {
  const stride = Math.max(1, Math.ceil(length / STEPS));
  const steps: { n: number; estimate: number; low: number; high: number }[] = [];
  for (let taken = length; taken > 0; taken -= stride) {
    const found = at(taken);
    if (found !== undefined)
      steps.unshift({ n: found.n, estimate: found.estimate, low: found.interval[0], high: found.interval[1] });
  }
  return steps;
}
