import { Command, Option } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { type CommandLine, shown, text } from '../base/text.ts';
import { SECOND } from '../base/units.ts';
import type { EndpointLook } from '../lifecycle/look-at-endpoint.ts';
import type { Session } from '../lifecycle/session.ts';
import { duration } from './flags/values.ts';
import { formatFlag } from './flags/common.ts';
import { placeFlags, placeOf } from './flags/mirror.ts';
import type { MirrorWatchFlags } from './on-mirror/watch.ts';
import { onScreen } from './views/watching.ts';

export interface WatchOptions {
  endpoint: string;
  /** Milliseconds between two looks. */
  every: number;
  /** One look, and no more. */
  once: boolean;
  /** How a shadow is judged, as the flags of `report` would say it; `promote` takes the same. */
  judging: Judging;
  /** As `json`, a line of JSON for each change. */
  format: 'text' | 'json';
}

interface Judging {
  labels: string | undefined;
  policy: string | undefined;
  expect: string | undefined;
  /** Where predictions are in an answer. */
  prediction: string | undefined;
}

interface Flags extends Partial<Judging> {
  endpoint: string;
  mirror?: string;
  shadow?: string;
  every: number;
  once?: boolean;
  format: 'text' | 'json';
}

const HELP = `
On a terminal one screen shows whatever goes on (canary, shadow, rollout): how the requests are divided, errors and latency,
alarms, gates, the time left, and what it waits for. The small bars are the last minutes, one each.
Keys abort, report, promote, keep production and quit; what changes something asks first.
Elsewhere each change is a line, until nothing is under way any more. Watching changes nothing, and holds no lock.
With --mirror it shows the sides of a mirror: who answers which share, errors and latency of both, gates, and a rollout.

Examples:
  $ shadowctl watch --endpoint weather
  $ shadowctl watch --mirror records`;

/** Flags that a mirror takes, and those that only a mirror takes. */
const OF_MIRRORS = {
  takes: ['every', 'once', 'labels', 'policy', 'expect', 'prediction', 'format'],
  alone: ['shadow'],
};

export function watchCommand(
  host: Host,
  start: Run<WatchOptions> = run,
  onMirror: Run<MirrorWatchFlags> = lazy(async () => ({
    run: (await import('./on-mirror/watch.ts')).runWatch,
  })),
): Command {
  return placeFlags(formatFlag(new Command('watch')))
    .option('--shadow <name>', 'of a mirror: which shadow, where there are several')
    .addOption(
      new Option('--every <duration>', 'time between two looks')
        .argParser(duration('--every'))
        .default(5 * SECOND, '5s'),
    )
    .option('--once', 'look once and draw that, on a terminal or not')
    .option('--labels <file[:column]>', 'the labels that a shadow is judged by, as for shadowctl report')
    .option('--policy <file>', 'what the shadow must prove, as for shadowctl report')
    .option('--expect <what>', 'what the new model is expected to be, as for shadowctl report')
    .option('--prediction <path>', 'where predictions are in an answer, as for shadowctl report')
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) => {
      const { endpoint, mirror, shadow, every, once, labels, policy, expect, prediction, format } = flags;
      const common = { every, once: once === true, judging: { labels, policy, expect, prediction }, format };
      return placeOf(own, flags, OF_MIRRORS) === 'mirror'
        ? host.start(onMirror, { mirror: mirror ?? '', shadow, ...common })
        : host.start(start, { endpoint, ...common });
    });
}

/** Shows what goes on with an endpoint. */
export async function run(app: App, { endpoint, every, once, judging, format }: WatchOptions): Promise<Outcome> {
  const { checkName } = await import('../resources/naming.ts');
  checkName('endpoint', endpoint, '--endpoint');
  const look = await looks(app, endpoint, judging);
  const first = await look();
  if (first.activity.kind === 'gone') throw endpointNotFound((await app.aws()).target, endpoint);
  if (format === 'json') return followAsJson(app, first, look, once ? undefined : every);
  const { watchScreen } = await import('./views/watch-screen.ts');
  if (once) {
    const size = { columns: app.io.columns, rows: app.io.rows, color: app.io.color };
    // Nothing is pressed where nothing is redrawn.
    for (const line of trimmed(watchScreen(first, size).slice(0, -1))) app.io.out(line);
    return 'done';
  }
  if (app.io.screen === undefined) return follow(app, first, { look, every, judging });
  const commandOf = (key: string, seen: EndpointLook) => commandFor(key, seen, { endpoint, judging });
  return onScreen(app, { every, look, first, draw: watchScreen, open: app.io.screen, commandOf });
}

/** A function that looks, and judges a shadow as `report` would. */
async function looks(app: App, endpoint: string, judging: Judging): Promise<() => Promise<EndpointLook>> {
  const { looksAtEndpoint } = await import('../lifecycle/look-at-endpoint.ts');
  const { looksAt } = await import('../lifecycle/judge.ts');
  const { loadReportPolicy, withAnswers, withExpectation } = await import('./flags/judging.ts');
  const { labelSource } = await import('./flags/labels.ts');
  const { judgedByRelease } = await import('./flags/release-settings.ts');
  const { sessionOf } = await import('./session.ts');
  const { sayReadHere } = await import('../lifecycle/warehouse/read-here.ts');
  const drawn = sessionOf(app);
  await sayReadHere(drawn);
  const session: Session = { ...drawn, emit: () => undefined };
  return looksAtEndpoint(session, endpoint, async (unseen) => {
    // What a release has attached is judged as the release does.
    const released = await judgedByRelease(app, endpoint);
    const labels = judging.labels ?? released?.labels;
    const { policy, policyFrom } = await loadReportPolicy(
      { ...app, io: { ...app.io, err: () => undefined } },
      judging.policy ?? released?.policy,
      endpoint,
    );
    return looksAt(app, {
      source: { kind: 'endpoint', endpoint, predictions: true, logs: undefined },
      window: { from: undefined, to: undefined, length: undefined },
      policy: withAnswers(withExpectation(policy, judging.expect), {
        prediction: judging.prediction,
        answers: undefined,
      }),
      policyFrom,
      labels: labels === undefined ? undefined : labelSource(labels, app.cwd),
      task: undefined,
      // The policy's comparator runs where somebody asked for it: in a report.
      comparator: undefined,
      memory: '1GB',
      redact: false,
      unseen,
    })();
  });
}

/** A line for each change, until nothing goes on, or a shadow is decided. */
async function follow(
  app: App,
  first: EndpointLook,
  { look, every, judging }: Pick<WatchOptions, 'every' | 'judging'> & { look: () => Promise<EndpointLook> },
): Promise<Outcome> {
  const { watchChanges, nextWords } = await import('./views/watch-screen.ts');
  let before: EndpointLook | undefined;
  let seen = first;
  for (;;) {
    for (const line of watchChanges(before, seen)) app.io.out(line);
    if (isOver(seen)) break;
    before = seen;
    await app.clock.sleep(every, app.signal);
    seen = await look();
  }
  app.io.out(nextWords(seen, false));
  const next = nextCommand(seen, judging);
  if (next !== undefined) app.io.out(text`Next: ${next}`);
  return 'done';
}

/** Follows for programs: a document on a line for each change, or one where `every` is undefined. */
async function followAsJson(
  app: App,
  first: EndpointLook,
  look: () => Promise<EndpointLook>,
  every: number | undefined,
): Promise<Outcome> {
  const { watchChanges } = await import('./views/watch-screen.ts');
  const { writeJsonLine } = await import('./views/json.ts');
  const { lookFacts } = await import('./views/look-facts.ts');
  let before: EndpointLook | undefined;
  for (let seen = first; ; seen = await look()) {
    if (watchChanges(before, seen).length > 0) writeJsonLine(app.io, 'watch', lookFacts(seen));
    if (every === undefined || isOver(seen)) return 'done';
    before = seen;
    await app.clock.sleep(every, app.signal);
  }
}

/** What to type after the last look; undefined where nothing is called for. */
function nextCommand({ activity, judgement, endpoint }: EndpointLook, judging: Judging): CommandLine | undefined {
  if (activity.kind === 'gone') return shown('history', { endpoint });
  if (activity.kind === 'failed') return shown('doctor', { endpoint });
  if (activity.kind === 'nothing') return shown('status', { endpoint });
  if (activity.kind === 'rollout') return shown('rollout', { endpoint, resume: true });
  return judgement?.verdict?.outcome === 'pass'
    ? shown('promote', { endpoint, ...judging })
    : shown('keep', { endpoint });
}

function isOver({ activity, judgement, release }: EndpointLook): boolean {
  if (release !== undefined) return activity.kind === 'gone' || activity.kind === 'failed';
  if (activity.kind === 'shadow') return ['pass', 'fail'].includes(judgement?.verdict?.outcome ?? '');
  if (activity.kind === 'rollout') return !activity.attended;
  return activity.kind === 'nothing' || activity.kind === 'gone' || activity.kind === 'failed';
}

/** What a key runs; undefined where it means nothing now. */
function commandFor(
  key: string,
  { activity, release }: EndpointLook,
  { endpoint, judging }: Pick<WatchOptions, 'endpoint' | 'judging'>,
): CommandLine | undefined {
  if (key === 'a' && activity.kind === 'update') return shown('abort', { endpoint });
  if (key === 'a' && activity.kind === 'rollout') return shown('rollout', { endpoint, cancel: true });
  if (activity.kind !== 'shadow' || activity.calibrates) return undefined;
  if (release !== undefined && key === 's') return shown('release status', { endpoint });
  if (release !== undefined && key !== 'r') return undefined;
  const commands: Readonly<Record<string, CommandLine>> = {
    r: shown('report', { endpoint, ...judging }),
    p: shown('promote', { endpoint, ...judging }),
    k: shown('keep', { endpoint }),
  };
  return commands[key];
}

/** Without empty lines at the end. */
function trimmed(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}
