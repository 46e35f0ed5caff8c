import type { App } from '../../app.ts';
import { apply, type Site } from '../../resources/apply.ts';
import { nameOf, type Step } from '../../resources/steps.ts';
import { paint } from '../../ui/theme.ts';

const DONE = { create: 'created', update: 'updating', delete: 'deleted' } as const;

/** Applies steps one after the other, a line for each as it is done. */
export async function applySteps(app: App, site: Site, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await apply(site, step);
    app.io.err(`${paint(app.io, 'good', '✓')} ${wordFor(step)} ${nameOf(step)}`);
  }
}

function wordFor(step: Step): string {
  if (step.action !== 'create') return DONE[step.action];
  if (step.kind === 'endpoint') return 'creating';
  if (step.kind === 's3-object') return 'stored';
  return step.kind === 'log-group' || step.kind === 's3-prefix' ? 'noted' : DONE.create;
}
