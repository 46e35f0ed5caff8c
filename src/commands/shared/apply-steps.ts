import type { App } from '../../app.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { appliedWords, type Step } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';

/** Applies steps one after the other, a line for each as it is done. */
export async function applySteps(app: App, run: JournaledRun, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await apply(run, step);
    const words = appliedWords(step);
    if (words !== undefined) sayDone(app.io, words);
  }
}

/** One line of chatter about something that is done. */
export function sayDone(io: Pick<Io, 'err' | 'color'>, words: string): void {
  io.err(`${paint(io, 'good', '✓')} ${words}`);
}
