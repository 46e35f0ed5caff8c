import type { LogLine } from '../../aws/logs.ts';
import { unseenWords } from '../../aws/unseen.ts';
import { targetName } from '../../lifecycle/notify.ts';
import type { LifecycleEvent } from '../../lifecycle/events.ts';
import type { Unexamined } from '../../resources/artifact/check-remote.ts';
import type { ResolvedStep } from '../../resources/resolve.ts';
import { describeHolder } from '../../state/lock.ts';
import type { JournalNote } from '../../state/journal.ts';
import { appliedWords, nameOf, type Step } from '../../resources/steps.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { instances } from '../../guard/strategy.ts';
import { counted, isoSeconds, timeOfDay } from '../../base/units.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { findingLines } from './findings.ts';
import { nextLines } from './next.ts';
import { guardedPlanLines, noteText } from './plan.ts';
import { mirrorPlanLines, mirrorStepLines } from './mirror-rollout.ts';
import { releaseNoteLines } from './release.ts';
import { returnedLine, rolloutPlanLines, stepLine, verdictLines } from './rollout.ts';
import { sliceVerdictLines } from './slices.ts';
import { judgementLines, noiseWords } from './shadow.ts';

/** Events that are drawn as lines; work that takes a while and updates have views of their own. */
type ShownEvent = Exclude<LifecycleEvent, { kind: 'task-started' | 'task-progressed' | 'task-ended' | 'update-seen' }>;

/** What draws each kind of event. */
type Drawings = {
  readonly [K in ShownEvent['kind']]: (event: Extract<ShownEvent, { kind: K }>, io: Io) => string[];
};

/** The lines of one event. Those that a command shows as its result are not drawn here. */
export function eventLines(io: Io, event: ShownEvent): string[] {
  const draw = DRAWINGS[event.kind] as (event: ShownEvent, io: Io) => string[];
  return draw(event, io);
}

function warning(io: Io, words: string): string[] {
  return [`${paint(io, 'warning', '!')} ${words}`];
}

const nothing = () => [];

/** Every kind of event has its lines: one that is missing here is a type error. */
const DRAWINGS: Drawings = {
  // What became of steps, and what the journal and AWS said on the way
  'journal-note': (event) => [`note: ${journalNoteText(event.note)}`],
  recovered: (event) => [`note: ${recoveredText(event.step)}`],
  'alarm-restored': (event) => [
    `note: An abort was stopped before it restored the rule of ${event.alarm}; the rule is restored now.`,
  ],
  'step-applied': (event, io) => {
    const words = stepWords(event.step);
    return words === undefined ? [] : [`${paint(io, 'good', '✓')} ${words}`];
  },
  'config-refused': (event, io) =>
    warning(
      io,
      `SageMaker did not take ${event.config} (${plain(event.words)}): shadowctl creates the same config again as ${event.otherwise}.`,
    ),
  'fleet-changed': (event, io) =>
    warning(
      io,
      `The fleet was scaled from ${event.before} to ${instances(event.strategy.fleet)} meanwhile: the update takes that into account.`,
    ),
  'artifact-unexamined': (event) => [`note: ${unexaminedWords(event.artifact)}`],
  'not-seen': (event) => [plain(unseenWords(event.unseen))],
  'experiment-scheduled': (event, io) =>
    warning(
      io,
      `Inference experiment "${event.name}" will change endpoint "${event.endpoint}" on its own at ${new Date(event.startsAt).toISOString()}.`,
    ),
  'container-lines': (event) => containerLines(event.group, event.lines),
  deleted: nothing,
  'cleanup-begun': (event) => [`endpoint ${event.endpoint}:`],

  // Updates, and who is told of their ends
  'plan-notes': (event) => event.notes.map((note) => noteText(note, event.endpoint)),
  'update-examined': (event, io) => [
    ...guardedPlanLines(io, event.plan),
    ...findingLines(io, event.plan.findings, event.unguarded),
  ],
  'update-ended': nothing,
  'alarms-awaited': (event) => [alarmsAwaited(event.firing, event.unevaluated)],
  'metrics-awaited': (event) => [
    `Waiting for the metrics of the last minute, until ${timeOfDay(event.until, 'seconds')} at most`,
  ],
  'metrics-unreadable': (event, io) => warning(io, `No charts: ${plain(event.problem.message)}`),
  notified: (event) => [`Notified ${targetName(event.target)}.`],
  'not-notified': (event, io) => warning(io, `Not notified: ${plain(event.reason)}`),
  'no-subscribers': (event, io) => {
    const waiting = event.pending === 0 ? '' : ` (${counted(event.pending, 'subscriptions')} not confirmed yet)`;
    return warning(io, `Nobody gets mail from ${event.arn}: it has no confirmed subscription${waiting}.`);
  },

  // Requests that shadowctl sends itself
  'traffic-started': (event) => [
    `Sending ${event.rate === 1 ? '1 request' : `${event.rate} requests`} a second from ${event.file} during the update: this traffic is from shadowctl, not from your callers.`,
  ],
  'traffic-stopped': (event, io) =>
    warning(
      io,
      `shadowctl has stopped sending requests${event.reason === undefined ? '' : ` (${plain(event.reason).replace(/\.$/, '')})`}: without any others the alarms see nothing.`,
    ),
  'payloads-read': (event) => [payloadsRead(event)],
  'requests-sent': nothing,

  // Shadows, and how they are judged
  'shadow-judged': (event, io) => judgementLines(io, event),
  'verdict-unwritten': (event, io) =>
    warning(io, `The journal does not say what came of this verdict: ${plain(event.reason)}`),
  'shadow-ends': (event) => [`Production keeps ${event.production}; the shadow with ${event.model} ends.`],
  'noise-measured': (event) => [noiseWords(event.floor)],
  'time-box-over': (event, io) => {
    const when = isoSeconds(new Date(event.until).toISOString());
    return event.detaches
      ? [`The shadow of ${event.endpoint} was to end at ${when}: it is detached first.`]
      : warning(
          io,
          `The shadow of ${event.endpoint} was to end at ${when}, and is still billed: the next command that changes the endpoint detaches it first.`,
        );
  },
  'captures-read-here': () => [
    'note: Captures are read on this machine: `engine: athena` in shadowctl.yaml is for report alone.',
  ],
  'look-left': (event, io) =>
    warning(
      io,
      `What Athena made for this report was not all deleted: ${event.words.replace(/[.]$/, '')}. The next report by Athena deletes it, or cleanup.`,
    ),

  // Rollouts, on an endpoint or a mirror
  'rollout-planned': (event, io) => rolloutPlanLines(io, event.plan),
  'rollout-step': (event) => [stepLine(event.rollout, event.step, event.at)],
  'rollout-judged': (event, io) => verdictLines(io, event.rollout, event.step, event.verdict, event.at),
  'slice-judged': (event, io) => sliceVerdictLines(io, event.slice, event.verdict, event.at),
  'production-raised': (event, io) => {
    const { from, to, problem } = event;
    return problem === undefined
      ? [
          `Production had ${from} of its ${instances(to)} left: it was given all of them back before requests return to it.`,
        ]
      : warning(io, `Production has ${from} of its ${instances(to)}, and could not be given more: ${plain(problem)}`);
  },
  'rollout-returned': (event) => [returnedLine(event.rollout, event.at)],
  'mirror-rollout-planned': (event, io) => mirrorPlanLines(io, event.plan),
  'mirror-rollout-step': (event, io) => mirrorStepLines(io, event.rollout, event.step, event.at),
  'mirror-rollout-judged': (event, io) =>
    verdictLines(io, { model: event.rollout.shadow }, event.step, event.verdict, event.at),
  'mirror-returned': (event) => [`${timeOfDay(event.at, 'seconds')}  all requests are answered by ${event.side} again`],

  // Releases of a pipeline
  'release-told': (event, io) => releaseNoteLines(io, event.note),
  'tick-failed': (event, io) => [
    ...warning(io, `${event.problem.message} The next look tries again.`),
    // Without that no look will succeed.
    ...(event.problem instanceof AwsProblem && event.problem.aboutCredentials && event.problem.next !== undefined
      ? nextLines(io, event.problem.next)
      : []),
  ],
  'report-not-kept': (event, io) => warning(io, `The page leads to no report: ${plain(event.problem.message)}`),
  'release-passed-over': (event) => [`${plain(event.name)} starts no release: ${plain(event.why)}`],

  // Batches and their transform jobs
  'job-begun': (event) => [
    `transform job ${event.job}: ${event.side} ${event.model}, ${counted(event.objects, 'objects')}`,
  ],
  'jobs-limited': (event) => [`The next job waits until these have ended: ${plain(event.words)}`],
  'batch-day': (event, io) => {
    const { day, what, problem } = event;
    if (what === 'begins') return [`${day}:`];
    return what === 'missing'
      ? [`${day}: nothing was delivered.`]
      : warning(io, `${day}: ${plain(problem?.message ?? '')}`);
  },
};

function stepWords(step: Step): string | undefined {
  const words = appliedWords(step);
  return step.action === 'update' ? `${words} to ${step.input.EndpointConfigName}` : words;
}

function unexaminedWords(artifact: Unexamined): string {
  const why =
    artifact.why === 'too-large'
      ? `is too large to be checked (${artifact.bytes} bytes)`
      : 'cannot be read with these credentials';
  return `${artifact.uri} ${why}: whether its image can read it is unknown.`;
}

function alarmsAwaited(firing: readonly string[], unevaluated: number): string {
  return firing.length > 0
    ? `Waiting until ${firing.join(', ')} ${firing.length === 1 ? 'has' : 'have'} left ALARM (from an earlier update)`
    : `Waiting for the first evaluation of ${unevaluated === 1 ? '1 alarm' : `${unevaluated} alarms`}`;
}

/** Lines shown of what an endpoint's containers printed. */
const MAX_CONTAINER_LINES = 10;

function containerLines(group: string, lines: readonly LogLine[]): string[] {
  const kept = collapsed(lines.map((line) => `${plain(line.stream)}: ${plain(line.message).slice(0, 400)}`));
  return [
    `The last lines of its containers (log group ${group}):`,
    ...kept.slice(-MAX_CONTAINER_LINES).map(({ text, times }) => `  ${text}${times === 1 ? '' : `  × ${times}`}`),
  ];
}

/** Collapses lines that several instances say, or one says again: each once, at its last place, with how often. */
export function collapsed(lines: readonly string[]): { text: string; times: number }[] {
  const counts = new Map<string, { text: string; times: number }>();
  for (const text of lines) {
    const key = text.replace(/^\S+: /, '');
    const times = (counts.get(key)?.times ?? 0) + 1;
    counts.delete(key);
    counts.set(key, { text, times });
  }
  return [...counts.values()];
}

function journalNoteText(note: JournalNote): string {
  return note.kind === 'incomplete-line'
    ? `The last line of ${note.path} was written incompletely; it is left out.`
    : `Took over the lock of ${describeHolder(note.from)}: that process ended without releasing it.`;
}

function recoveredText({ action, resource, outcome, error }: ResolvedStep): string {
  const took = outcome === 'done' ? 'had been carried out' : (error ?? 'had not been carried out');
  return `An earlier command was stopped before it learned the outcome of "${action} ${nameOf(resource)}": it ${took}.`;
}

/** How a file of payloads was taken, where it is not sent line by line as it stands. */
function payloadsRead({ source, form, rows }: Extract<LifecycleEvent, { kind: 'payloads-read' }>): string {
  switch (form) {
    case 'list':
      return `${source} is one list: each of its ${counted(rows, 'objects')} is a request.`;
    case 'python':
      return `${source} holds Python, not JSON: its ${counted(rows, 'records')} are sent as JSON.`;
    case 'recoded':
      return `${source} is sent as CSV with commas, which it does not have between its cells.`;
  }
}
