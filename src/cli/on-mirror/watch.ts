import type { App, Outcome } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { type CommandLine, shown, text } from '../../base/text.ts';
import type { MirrorJudging } from '../../lifecycle/mirror/judge.ts';
import type { MirrorLook } from '../../lifecycle/mirror/look-at-mirror.ts';
import { mirrorNamed } from '../flags/mirror.ts';
import type { JudgeFlags } from '../flags/judge-flags.ts';
import { onScreen } from '../views/watching.ts';

export interface MirrorWatchFlags {
  mirror: string;
  shadow: string | undefined;
  /** Milliseconds between two looks. */
  every: number;
  once: boolean;
  judging: {
    labels: string | undefined;
    policy: string | undefined;
    expect: string | undefined;
    prediction: string | undefined;
  };
  format: 'text' | 'json';
}

/** Shows what goes on at a mirror. */
export async function runWatch(app: App, flags: MirrorWatchFlags): Promise<Outcome> {
  const { every, once, format } = flags;
  const look = await looks(app, flags);
  const first = await look();
  // A screen shows the sides of several shadows, and waits for none to be decided.
  requireWatched(first, flags, { decides: !once && (format === 'json' || app.io.screen === undefined) });
  if (format === 'json') return followAsJson(app, first, look, once ? undefined : every);
  const { mirrorScreen } = await import('../views/mirror-screen.ts');
  if (once) {
    const lines = mirrorScreen(first, { columns: app.io.columns, rows: app.io.rows, color: app.io.color }).slice(0, -1);
    // Nothing is pressed where nothing is redrawn.
    for (const line of lines.slice(0, lines.findLastIndex((one) => one !== '') + 1)) app.io.out(line);
    return 'done';
  }
  if (app.io.screen === undefined) return follow(app, first, look, flags);
  const commandOf = (key: string, seen: MirrorLook) => commandFor(key, seen, flags);
  return onScreen(app, { every, look, first, draw: mirrorScreen, open: app.io.screen, commandOf });
}

/** @throws Problem (usage) where no shadow has the name, or several could be the one whose verdict is waited for */
function requireWatched(
  { status, shadow: watched }: MirrorLook,
  { mirror, shadow }: MirrorWatchFlags,
  { decides }: { decides: boolean },
): void {
  if (!status.running || watched !== undefined) return;
  const names = status.shadows.map(({ name }) => name).filter((name) => name !== status.wayBack);
  if (shadow !== undefined)
    throw usageError(`The mirror of ${mirror} has no shadow "${shadow}".`, `It has ${names.join(', ') || 'none'}.`);
  if (decides && names.length > 1)
    throw usageError(`The mirror of ${mirror} has several shadows.`, `Name one with --shadow: ${names.join(', ')}.`);
}

/** A function that looks, and judges the shadow as `report` would. */
async function looks(app: App, { mirror, shadow, judging }: MirrorWatchFlags): Promise<() => Promise<MirrorLook>> {
  const { looksAtMirror } = await import('../../lifecycle/mirror/look-at-mirror.ts');
  const { begunWith } = await import('./judged-by.ts');
  const typed = await judgingOf(app, { ...judging, from: undefined, waivers: { waive: [], reason: undefined } });
  const isTyped = Object.values(judging).some((flag) => flag !== undefined);
  return looksAtMirror(app, mirrorNamed(app.cwd, mirror), shadow, async ({ state: { rollout } }) => {
    // What a rollout is decided by, it is watched by.
    if (isTyped || rollout?.judgedBy === undefined) return typed;
    const { there, report } = begunWith(app, rollout.judgedBy);
    return judgingOf(there, report);
  });
}

async function judgingOf(app: App, report: Omit<JudgeFlags, 'allowCommand'>): Promise<MirrorJudging> {
  const { loadReportPolicy, withAnswers, withExpectation } = await import('../flags/judging.ts');
  const { labelSource } = await import('../flags/labels.ts');
  const { readMoment } = await import('../flags/moment.ts');
  const { withWaivers } = await import('../flags/waivers.ts');
  const { policy, policyFrom } = await loadReportPolicy(app, report.policy);
  return {
    policy: withAnswers(withExpectation(withWaivers(policy, report.waivers), report.expect), {
      prediction: report.prediction,
      answers: undefined,
    }),
    policyFrom,
    labels: report.labels === undefined ? undefined : labelSource(report.labels, app.cwd),
    // The policy's comparator runs where somebody asked for it: in a report.
    comparator: undefined,
    from: report.from === undefined ? undefined : readMoment(report.from, '--from'),
  };
}

/** A line for each change, until nothing goes on, or a shadow is decided. */
async function follow(
  app: App,
  first: MirrorLook,
  look: () => Promise<MirrorLook>,
  flags: MirrorWatchFlags,
): Promise<Outcome> {
  const { mirrorChanges, mirrorNextWords } = await import('../views/mirror-screen.ts');
  let before: MirrorLook | undefined;
  for (let seen = first; ; seen = await look()) {
    for (const line of mirrorChanges(before, seen)) app.io.out(line);
    if (isOver(seen)) {
      app.io.out(mirrorNextWords(seen, false));
      const next = nextCommand(seen, flags);
      if (next !== undefined) app.io.out(text`Next: ${next}`);
      return 'done';
    }
    before = seen;
    await app.clock.sleep(flags.every, app.signal);
  }
}

/** Follows for programs: a document on a line for each change, or one where `every` is undefined. */
async function followAsJson(
  app: App,
  first: MirrorLook,
  look: () => Promise<MirrorLook>,
  every: number | undefined,
): Promise<Outcome> {
  const { mirrorChanges, mirrorLookFacts } = await import('../views/mirror-screen.ts');
  const { writeJsonLine } = await import('../views/json.ts');
  let before: MirrorLook | undefined;
  for (let seen = first; ; seen = await look()) {
    if (mirrorChanges(before, seen).length > 0) writeJsonLine(app.io, 'watch-of-mirror', mirrorLookFacts(seen));
    if (every === undefined || isOver(seen)) return 'done';
    before = seen;
    await app.clock.sleep(every, app.signal);
  }
}

function isOver({ status, shadow, judgement }: MirrorLook): boolean {
  const { running, state, lock } = status;
  if (!running) return true;
  if (state.rollout !== undefined) return lock === undefined;
  return shadow === undefined || ['pass', 'fail'].includes(judgement?.verdict?.outcome ?? '');
}

/** What to type after the last look; undefined where nothing is called for. */
function nextCommand(look: MirrorLook, flags: MirrorWatchFlags): CommandLine | undefined {
  const { mirror, judging } = flags;
  const { status, shadow, judgement } = look;
  if (!status.running) return shown('status', { mirror });
  if (status.state.rollout !== undefined) return shown('rollout', { mirror, resume: true });
  if (shadow === undefined) return shown('history', { mirror });
  return judgement?.verdict?.outcome === 'pass'
    ? shown('promote', { mirror, shadow, ...judging })
    : shown('keep', { mirror, shadow });
}

/** What a key runs; undefined where it means nothing now. */
function commandFor(key: string, look: MirrorLook, { mirror, judging }: MirrorWatchFlags): CommandLine | undefined {
  const { status, shadow } = look;
  const { rollout, division } = status.state;
  if (!status.running) return undefined;
  if (rollout !== undefined) return key === 'a' ? shown('rollout', { mirror, cancel: true }) : undefined;
  if (key === 'u' && division !== undefined) return shown('undo', { mirror });
  if (shadow === undefined) return undefined;
  const variants = `live,${shadow}`;
  if (key === 'r') return shown('report', { mirror, variants, ...judging });
  if (division !== undefined) return undefined;
  if (key === 'p') return shown('promote', { mirror, shadow, ...judging });
  return key === 'k' ? shown('keep', { mirror, shadow }) : undefined;
}
