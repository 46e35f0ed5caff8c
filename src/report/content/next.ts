import { askedAgain, type AskedBy } from '../../analysis/judge/earlier.ts';
import { nothingRead } from '../../analysis/judge/nothing-read.ts';
import type { Gate } from '../../analysis/judge/verdict.ts';
import { accepts } from '../../analysis/policy/policy.ts';
import { type CommandLine, shown } from '../../base/text.ts';
import type { RenderOptions, Report } from '../report.ts';
import { underWayText } from './no-data.ts';

/** What to do next: a sentence, and a command line that works as it stands. */
export interface Next {
  words: string;
  command: CommandLine | undefined;
}

/** How somebody looks again at the same, up to the present. */
function again(asked: CommandLine['options']): CommandLine {
  const { to: _, ...rest } = asked;
  return shown('report', asked.files === undefined ? { ...rest, watch: true } : asked);
}

/** How answers were read for a report, which promote takes from the policy alone. */
const NOT_OF_PROMOTE = ['answers', 'task', 'comparator', 'comparator-sample', 'comparator-time'];

/** The flags of a report that decided and that `promote` takes too: what it judges then is what the report judged. */
function promoteFlags(asked: CommandLine['options']): CommandLine['options'] {
  const { endpoint, mirror, labels, policy, expect, prediction, waive, reason } = asked;
  const from = asked.from ?? (asked.last === undefined ? undefined : `-${String(asked.last)}`);
  return {
    endpoint,
    mirror,
    shadow: shadowIn(asked),
    from,
    labels,
    policy,
    expect,
    prediction,
    'allow-command': asked['allow-command'],
    waive,
    reason,
  };
}

/** The shadow of a mirror, where `--variants live,NAME` said which. */
function shadowIn({ mirror, variants }: CommandLine['options']): string | undefined {
  return mirror === undefined || typeof variants !== 'string' ? undefined : variants.split(',')[1];
}

/** What follows from the verdict; undefined where there is none. Pure. */
export function nextStep(
  report: Report,
  flags: RenderOptions['asked'],
  release?: RenderOptions['release'],
): Next | undefined {
  const { observations, verdict } = report;
  if (verdict === undefined) return undefined;
  if (report.batch !== undefined) return ofBatch(report, flags ?? { batch: report.batch.name });
  if (release !== undefined)
    return {
      words: `release ${release.id} has attached this shadow, and takes it or removes it; see what it waits for:`,
      command: shown('release status', { endpoint: release.endpoint }),
    };
  const asked = flags ?? { endpoint: observations.endpoint };
  const { endpoint, files, mirror } = asked;
  const promote = shown('promote', promoteFlags(asked));
  const untaken = NOT_OF_PROMOTE.filter((flag) => asked[flag] !== undefined).map((flag) => `--${flag}`);
  const first =
    untaken.length === 0
      ? ''
      : `what ${untaken.join(', ')} said must stand in the policy first, since promote has no such flag; then `;
  const { predictions } = observations;
  const unread = predictions !== undefined && nothingRead(predictions, report.policy) !== undefined;
  const fitsNothing = unread || noLabelFits(report);
  if (observations.sides !== undefined && mirror !== undefined) return ofOtherSides(report, asked);
  if (observations.underWay !== undefined && files === undefined)
    return {
      words: `${underWayText(observations.endpoint, observations.underWay)} This evidence is of before; watch what goes on:`,
      command: shown('watch', { endpoint }),
    };
  switch (verdict.outcome) {
    case 'pass':
      if (observations.loggedBy === 'callers')
        return {
          words:
            "nothing is promoted here: the callers themselves must use the candidate's answers from now on, and keep the other model as the way back. Keep this evidence:",
          command: shown('report', { ...asked, format: 'html', output: 'report.html' }),
        };
      if (observations.replayed !== undefined)
        return {
          words:
            'a replay promotes nothing: let the candidate see live traffic as a shadow, or a rollout or canary. Keep this evidence:',
          command: shown('report', { ...asked, format: 'html', output: 'report.html' }),
        };
      if (files === undefined && report.earlier !== undefined && report.earlier.length > 0)
        return {
          words: 'promote asks for what failed before, too; judge it again by that:',
          command: shown('report', { ...asked, ...given(askedAgain(report.earlier)) }),
        };
      return files === undefined
        ? {
            words:
              mirror === undefined
                ? `${first}promote it; alarms guard the update and return the traffic if the new model fails:`
                : `${first}promote it; it answers by steps, and a verdict of fail returns the requests:`,
            command: promote,
          }
        : {
            words: 'keep this evidence; promote judges its endpoint itself before it changes anything:',
            command: shown('report', { ...asked, format: 'html', output: 'report.html' }),
          };
    case 'fail':
      return files === undefined
        ? {
            words: 'end the shadow; production stays as it is:',
            command: shown('keep', { endpoint, mirror, shadow: shadowIn(asked) }),
          }
        : { words: 'see all the evidence:', command: shown('report', { ...asked, full: true }) };
    case 'inconclusive':
      if (files === undefined && accepts(report.policy, verdict))
        return {
          words: `the policy accepts what holds in this window; ${first}promote it, through a canary with alarms:`,
          command: promote,
        };
      if (fitsNothing)
        return {
          words: waits(verdict.gates, 'judge it again:'),
          command: shown('report', unread ? byLook(asked) : asked),
        };
      // To watch decides only what more of the same decides.
      return files === undefined && advised(verdict.gates) === undefined
        ? { words: waits(verdict.gates, 'watch until it is decided:'), command: again(asked) }
        : { words: waits(verdict.gates, 'judge it again:'), command: shown('report', asked) };
  }
}

/** What follows from the verdict over a batch. */
function ofBatch({ verdict, batch }: Report, asked: CommandLine['options']): Next {
  switch (verdict?.outcome) {
    case 'pass':
      return {
        words: 'the candidate may take the place of production. Keep this evidence:',
        command: shown('batch report', { ...asked, format: 'html', output: 'report.html' }),
      };
    case 'fail':
      return { words: 'see all the evidence:', command: shown('batch report', { ...asked, full: true }) };
    default: {
      const look = batch?.over === true ? 'judge it again, or let it go on:' : 'run the next day, then judge again:';
      return { words: waits(verdict?.gates ?? [], look), command: shown('batch report', asked) };
    }
  }
}

/** Without what was not given. */
function given(asked: AskedBy): CommandLine['options'] {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** What follows where the judged sides of a mirror are no candidate beside what is live: there is nothing to promote. */
function ofOtherSides({ observations, verdict }: Report, asked: CommandLine['options']): Next {
  const { mirror } = asked;
  if (observations.sides === 'earlier')
    return {
      words: 'these sides have other roles by now, and nothing is decided by this; see who answers:',
      command: shown('status', { mirror }),
    };
  switch (verdict?.outcome) {
    case 'pass':
      return {
        words: 'the way back is as good as what is live; should that turn bad, go back at once:',
        command: shown('undo', { mirror }),
      };
    case 'fail':
      return {
        words: 'the way back is worse than what is live; undo goes back to it all the same, until it is ended:',
        command: shown('keep', { mirror, shadow: shadowIn(asked) }),
      };
    default:
      return { words: 'watch until it is decided:', command: again(asked) };
  }
}

/** Labels were given, and none belongs to anything that was compared: more of the same traffic seldom changes that. */
function noLabelFits({ observations: { predictions } }: Report): boolean {
  const { rows = 0, of = 0, unknown = 0, age } = predictions?.truth ?? {};
  return rows === 0 && of > 0 && unknown > 0 && age === undefined;
}

/** Without what says how answers are read: it fits none. */
function byLook(asked: CommandLine['options']): CommandLine['options'] {
  return Object.fromEntries(
    Object.entries(asked).filter(([flag]) => !['prediction', 'answers', 'task'].includes(flag)),
  );
}

function openOf(gates: readonly Gate[]): readonly Gate[] {
  return gates.filter((gate) => gate.gating && gate.outcome === 'inconclusive' && gate.needs !== undefined);
}

/** The first open gate that needs something else than more of the same. */
function advised(gates: readonly Gate[]): Gate | undefined {
  return openOf(gates).find((gate) => gate.missing === undefined);
}

/** What the open gates need: first what more of the same does not give. */
function waits(gates: readonly Gate[], look: string): string {
  const open = openOf(gates);
  const leans = open.length === 1 && open[0]?.id === 'numbers.bias' && gates.some(isNoLessRight);
  // Who corrects production leans away from it: whether that is wanted, no number of rows says.
  if (leans) return `numbers.bias needs ${open[0]?.needs}, ${MAY_LEAN}; ${look}`;
  const first = advised(gates);
  if (first !== undefined) return `${first.id} needs ${first.needs}; then ${look}`;
  const minutes = ({ missing }: Gate) => missing?.minutes ?? 0;
  const [longest] = open.toSorted((a, b) => minutes(b) - minutes(a));
  return longest === undefined ? look : `${longest.id} needs ${longest.needs}; ${look}`;
}

const MAY_LEAN =
  "or, since labels show it to be no less right, --waive numbers.bias --reason '…' where it may lean away from production";

function isNoLessRight({ id, outcome, gating }: Gate): boolean {
  return gating && outcome === 'pass' && (id === 'truth.error' || id === 'truth.score');
}
