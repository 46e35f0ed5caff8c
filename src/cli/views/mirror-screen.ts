import { count, duration, milliseconds, percent, SECOND, timeOfDay } from '../../base/units.ts';
import type { MirrorLook, WatchedSide } from '../../lifecycle/mirror/look-at-mirror.ts';
import { cut } from '../../ui/cut.ts';
import { plain } from '../../ui/io.ts';
import { sparkline } from '../../ui/sparkline.ts';
import { paint } from '../../ui/theme.ts';
import { padEnd } from '../../ui/width.ts';
import { wrap } from '../../ui/wrap.ts';
import { reachWords } from './mirror-reach.ts';
import { partWords } from './mirror-rollout.ts';
import { fitted, gateLines, type ScreenSize, shadowWords, type WatchKey } from './watch-screen.ts';

/** The keys that make sense now; `q` always does. */
function mirrorKeys({ status: { running, state }, shadow }: Pick<MirrorLook, 'status' | 'shadow'>): WatchKey[] {
  const quit = { key: 'q', does: 'quit' };
  if (!running) return [quit];
  if (state.rollout !== undefined) return [{ key: 'a', does: 'cancel' }, quit];
  if (state.division !== undefined) return [{ key: 'r', does: 'report' }, { key: 'u', does: 'undo' }, quit];
  if (shadow === undefined) return [quit];
  return [{ key: 'r', does: 'report' }, { key: 'p', does: 'promote' }, { key: 'k', does: 'end the shadow' }, quit];
}

/** What goes on, in a few words. */
function mirrorActivity({ status: { running, state, shadows, wayBack } }: Pick<MirrorLook, 'status'>): string {
  const { rollout, division } = state;
  if (!running) return 'not running';
  if (rollout !== undefined) {
    const { command, step, steps } = rollout;
    return step === undefined ? `${command}: begins` : `${command}: step ${step + 1} of ${steps.length}`;
  }
  if (division !== undefined) return `canary: ${division.shadow} answers ${partWords(division)}`;
  if (shadows.some(({ name }) => name !== wayBack)) return 'shadow';
  return shadows.length > 0 ? 'no candidate, but a way back' : 'no shadow';
}

/** What must happen next: one sentence. @param keys there are keys to press */
export function mirrorNextWords(look: MirrorLook, keys: boolean): string {
  const { status, shadow, judgement, at } = look;
  const { rollout, division } = status.state;
  if (!status.running) return 'The mirror does not run: callers are not answered by it.';
  if (rollout !== undefined) {
    const ends = bakeEnds(look);
    if (status.lock === undefined)
      return `No command is at work on it: ${rollout.shadow} keeps what it answers until rollout --resume continues it, or rollout --cancel${keys ? ' (key a)' : ''} takes it back.`;
    return ends === undefined || ends <= at
      ? 'The next look decides whether it goes on.'
      : `This step is watched until ${timeOfDay(ends, 'seconds')}; a verdict of fail returns all requests at once.`;
  }
  if (shadow === undefined)
    return status.shadows.length > 1
      ? 'Several shadows: name the one to judge with --shadow.'
      : 'Nothing is to be judged. A shadow shows here as soon as there is one.';
  if (division !== undefined) return `${division.shadow} answers ${partWords(division)} until that is changed.`;
  return shadowWords(judgement, keys);
}

function bakeEnds({ status: { state } }: Pick<MirrorLook, 'status'>): number | undefined {
  const { since, bakeSeconds = 0 } = state.rollout ?? {};
  return since === undefined ? undefined : since + bakeSeconds * SECOND;
}

/** A look as a whole screen: at most `rows` lines of at most `columns`; the keys stand in the last one. */
export function mirrorScreen(look: MirrorLook, size: ScreenSize): string[] {
  const { columns, rows } = size;
  const head = [title(look, size), '─'.repeat(columns)];
  const keys = mirrorKeys(look)
    .map(({ key, does }) => `${key} ${does}`)
    .join('   ');
  const troubles = [
    ...(look.status.counted?.unreachable ?? []).map(
      ({ side, why }) => `${side} takes no connections: ${reachWords(why)}`,
    ),
    ...(look.trouble === undefined ? [] : [plain(look.trouble)]),
  ].flatMap((words) => wrap(`! ${words}`, columns, '  '));
  const tail = [
    '',
    ...wrap(mirrorNextWords(look, true), columns, '  '),
    ...troubles.map((line) => paint(size, 'warning', cut(line, columns))),
  ];
  const sides = sideLines(look, size);
  const gates = fitted(gateLines(look.judgement, size), rows - 1 - head.length - sides.length - tail.length, columns);
  const body = [...head, ...sides, ...gates, ...tail].slice(0, rows - 1);
  const blank = Array.from({ length: rows - 1 - body.length }, () => '');
  return [...body, ...blank, cut(keys, columns)].map((line) => line.trimEnd());
}

function title(look: MirrorLook, { columns, color }: ScreenSize): string {
  const time = `${timeOfDay(look.at, 'seconds')} UTC`;
  const verdict = look.judgement?.verdict?.outcome.toUpperCase();
  const ends = bakeEnds(look);
  const words = [
    mirrorActivity(look),
    ...(verdict === undefined ? [] : [verdict]),
    ...(ends === undefined || ends <= look.at || look.status.lock === undefined
      ? []
      : [`${duration(ends - look.at)} left`]),
  ].join(', ');
  const room = columns - time.length - 2;
  return `${paint({ color }, 'title', padEnd(cut(`${plain(look.status.mirror)}  ${plain(words)}`, room), room))}  ${time}`;
}

const GRAPH_MINUTES = 14;

function sideLines({ sides }: MirrorLook, size: ScreenSize): string[] {
  const graph = size.columns >= 100 ? GRAPH_MINUTES : size.columns >= 73 ? 5 : 0;
  const room = Math.max(8, size.columns - 12 - 13 - 8 - 2 * (9 + graph));
  const head = `${'side'.padEnd(12)}${padEnd('at', room)}${'requests'.padStart(13)}${'req/min'.padStart(8)}${'5XX'.padStart(9 + graph)}${'p90'.padStart(9 + graph)}`;
  return [
    '',
    paint(size, 'quiet', cut(head, size.columns)),
    ...sides.map((side) => cut(sideLine(side, room, graph), size.columns)),
  ];
}

function sideLine({ name, side, role, share, slices, minutes }: WatchedSide, room: number, graph: number): string {
  const shown = minutes.slice(-GRAPH_MINUTES);
  const last = shown.at(-1);
  const rate = ({ requests, errors5xx }: (typeof shown)[number]) => (requests === 0 ? undefined : errors5xx / requests);
  const part = percent(Math.round(share * 1000) / 1000) + (slices.length === 0 ? '' : ` +${slices.length}`);
  const drawn = (values: readonly (number | undefined)[], top?: number) =>
    graph === 0 ? '' : sparkline(values, graph, top);
  const requests = role === 'live' || role === 'candidate' ? part : `copy ${part}`;
  const errors = ` ${drawn(shown.map(rate), 0.05)}${percent(last && rate(last)).padStart(8)}`;
  const latency = ` ${drawn(shown.map(({ latencyMs }) => latencyMs))}${milliseconds(last?.latencyMs).padStart(8)}`;
  return `${padEnd(cut(plain(name), 11), 12)}${padEnd(cut(plain(side), room - 1), room)}${requests.padStart(13)}${count(last?.requests).padStart(8)}${errors}${latency}`;
}

/** The lines for where nothing can be redrawn: one for everything that has changed since the look before. */
export function mirrorChanges(before: MirrorLook | undefined, look: MirrorLook): string[] {
  const told = (one: MirrorLook) => {
    const { state, counted, live } = one.status;
    return [
      mirrorActivity(one),
      ...(state.rollout === undefined || state.division === undefined
        ? []
        : [`${state.division.shadow} answers ${partWords(state.division)}`]),
      `live: ${live}`,
      ...(counted?.unreachable ?? []).map(({ side, why }) => `! ${side} takes no connections: ${reachWords(why)}`),
      ...(one.judgement?.verdict === undefined ? [] : [one.judgement.verdict.summary]),
      ...(one.trouble === undefined ? [] : [`! ${one.trouble}`]),
    ];
  };
  const known = before === undefined ? [] : told(before);
  return told(look)
    .filter((line) => !known.includes(line))
    .map((line) => `${timeOfDay(look.at, 'seconds')}  ${plain(line)}`);
}

/** A look at a mirror for machines; stable names. Times are ISO 8601. */
export function mirrorLookFacts({ at, status, sides, shadow, judgement, trouble }: MirrorLook) {
  const { mirror, running, state, counted } = status;
  const { rollout } = state;
  return {
    at: new Date(at).toISOString(),
    mirror,
    running,
    sides: sides.map(({ name, side, role, share, slices, minutes }) => ({
      ...{ name, side, role, share, slices },
      minute: minutes.at(-1) ?? null,
    })),
    rollout:
      rollout === undefined
        ? null
        : {
            command: rollout.command,
            shadow: rollout.shadow,
            step: rollout.step === undefined ? null : rollout.step + 1,
            steps: rollout.steps.map(({ words }) => words),
            attended: status.lock !== undefined,
          },
    unreachable: counted?.unreachable ?? [],
    shadow: shadow ?? null,
    verdict: judgement?.verdict?.outcome ?? null,
    summary: judgement?.verdict?.summary ?? null,
    trouble: trouble ?? null,
  };
}
