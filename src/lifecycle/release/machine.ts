import { isByBatch, type Release } from '../../state/releases.ts';

/** What was seen of the world at one look. Times are milliseconds since the epoch. */
export interface Seen {
  now: number;
  /** In the hours in which nothing is attached or promoted. */
  quiet: boolean;
  endpoint:
    | { kind: 'gone' }
    /** It is being changed. */
    | { kind: 'changing' }
    /** It runs this config; `broken`: in a status in which nothing can be changed. */
    | { kind: 'settled'; config: string; broken?: string | undefined };
  /** AWS has accepted the change that the release last announced. */
  accepted: boolean;
  /** The config that it runs is the one that the release itself last told it to run. */
  own: boolean;
  /** The command of shadowctl's, of no release, that last told the endpoint what to run, and who gave it. */
  changedBy: { command: string; by: string } | undefined;
  /** Somebody else is at work on the endpoint, or has a shadow there: a sentence. Asked only before anything is attached. */
  busy: string | undefined;
  /** Where the artifact must be copied before a model may point at it, and has not been. */
  uncopied: boolean;
  /** The judge's words; undefined until it was asked at this look. */
  evidence: Evidence | undefined;
  /** How the update that promotes it has ended, once that was found out. */
  ending: { kind: string; sentence: string } | undefined;
}

/** What the evidence says, as far as a decision needs it. */
export interface Evidence {
  outcome: 'pass' | 'fail' | 'inconclusive';
  /** A pass, or inconclusive where the policy accepts what holds in this window. */
  passes: boolean;
  /** Whether it fails no more requests than production: what each step of the sampling waits for. */
  errors: 'pass' | 'fail' | 'inconclusive';
  summary: string;
  reasons: readonly string[];
  /** The gates that keep it open. */
  open: readonly OpenGate[];
  /** Nothing could be read, and the time in which it could have been is over: no approval is carried out on that. */
  unread?: true;
}

/** A gate that is not decided yet. */
export interface OpenGate {
  id: string;
  /** One sentence with what was seen. */
  reason: string;
  /** What would decide it: goes on after "Needs". Undefined where nobody can say. */
  needs: string | undefined;
  /** How much longer requests must come as they do, in minutes, where that would decide it. */
  minutes: number | undefined;
}

/** Why a release waits. */
export type WaitFor =
  | 'somebody-else'
  | 'quiet-hours'
  | 'endpoint'
  | 'errors'
  | 'evidence'
  | 'answer'
  | 'update'
  | 'settling';

/** What is to be done next. */
export type Move =
  /** Nothing now. `until`: when that changes by itself. */
  | { kind: 'wait'; for: WaitFor; until?: number | undefined; words?: string | undefined }
  | { kind: 'copy' }
  /**
   * Attach the shadow, or give it the share of this step; for a batch, make the model. `again`: it was announced, and AWS never heard
   * of it.
   */
  | { kind: 'attach'; step: number; again: boolean }
  | { kind: 'gather' }
  | { kind: 'judge' }
  | { kind: 'ask'; about: 'pass' | 'inconclusive' }
  /** The settings approve a pass by themselves. */
  | { kind: 'approve' }
  /** The approval is not carried out: the verdict is another by now. */
  | { kind: 'turn' }
  /** `alone`: the shadow is away, or there was none. `again`: as in `attach`. */
  | { kind: 'promote'; alone: boolean; again: boolean }
  /** Find out how the update ended. */
  | { kind: 'follow' }
  | { kind: 'settle' }
  | { kind: 'detach'; why: string; reason: string }
  | { kind: 'end'; outcome: ReleaseOutcome; reason: string };

type ReleaseOutcome =
  | 'promoted'
  /** Production stays: the verdict was fail, somebody said no, nobody answered, … */
  | 'kept'
  | 'cancelled'
  | 'rolled-back'
  /** The shadow did not come up. */
  | 'did-not-start'
  /** It could not begin in the time it had. */
  | 'expired'
  /** It was production, and was taken back while it was watched. */
  | 'undone'
  /** The endpoint was changed by something else: what was being proven is gone. */
  | 'overtaken';

/**
 * The whole release as a table: what a state and a look at the world make of each other. Whatever is not foreseen leaves
 * production as it is. Pure.
 */
export function nextMove(release: Release, seen: Seen): Move {
  const { endpoint } = seen;
  if (endpoint.kind === 'gone') return end('overtaken', 'The endpoint no longer exists.');
  if (endpoint.kind === 'changing') return whileChanging(release, seen);
  if (endpoint.broken !== undefined) return wait('somebody-else', undefined, `The endpoint is ${endpoint.broken}.`);
  switch (release.at) {
    case 'begun':
      return beforeAttaching(release, seen);
    case 'attaching':
      return attaching(release, seen, endpoint.config);
    case 'gathering':
      return overtaken(release, seen, endpoint.config) ?? gathering(release, seen);
    case 'asking':
      return overtaken(release, seen, endpoint.config) ?? asking(release, seen);
    case 'approved':
      return overtaken(release, seen, endpoint.config) ?? approved(release, seen, false);
    case 'promoting':
      return promoting(release, seen, endpoint.config);
    case 'settling':
      return settling(release, seen, endpoint.config);
    case 'detaching':
      return detaching(release, seen, endpoint.config);
    case 'ended':
      return wait('somebody-else');
  }
}

function wait(what: WaitFor, until?: number, words?: string): Move {
  return { kind: 'wait', for: what, until, words };
}

function end(outcome: ReleaseOutcome, reason: string): Move {
  return { kind: 'end', outcome, reason };
}

/** Whoever changes it: nobody changes an endpoint that is being changed. */
function whileChanging({ at }: Release, { changedBy }: Seen): Move {
  if (changedBy === undefined) {
    if (at === 'attaching' || at === 'detaching') return wait('endpoint');
    if (at === 'promoting') return wait('update');
  }
  return wait('somebody-else', undefined, `${whoChanged(changedBy)} is changing the endpoint.`);
}

function whoChanged(by: Seen['changedBy']): string {
  return by === undefined ? 'Somebody else' : `\`${by.command}\` by ${by.by}`;
}

/** Our shadow, or the production that a batch is judged beside, is gone without our doing: what was being proven can no longer be. */
function overtaken(release: Release, seen: Seen, runs: string): Move | undefined {
  const { shadows, config, production } = release;
  if (isByBatch(release))
    return runs === production ? undefined : changedMeanwhile(seen, `it runs ${runs}, no longer ${production}`);
  if (runs === config && shadows.includes(runs)) return undefined;
  return changedMeanwhile(seen, `it runs ${runs}, no longer ${config}`);
}

/** @param now what it runs, and goes on after a colon */
function changedMeanwhile({ changedBy }: Seen, now: string): Move {
  return end('overtaken', `${whoChanged(changedBy)} changed the endpoint: ${now}.`);
}

/** The candidate was production, and no longer is. */
function takenBack(seen: Seen, runs: string): Move {
  const { changedBy } = seen;
  return changedBy?.command === 'undo'
    ? end('undone', `${whoChanged(changedBy)} took it back: the endpoint runs ${runs}.`)
    : end(
        'overtaken',
        `${whoChanged(changedBy)} changed it after the candidate had become production: it runs ${runs}.`,
      );
}

function declined({ answer }: Release): 'cancel' | 'reject' | undefined {
  return answer?.answer === 'cancel' || answer?.answer === 'reject' ? answer.answer : undefined;
}

function wordsOfNo({ answer }: Release): string {
  const why = answer?.reason === undefined ? '' : `: ${answer.reason}`;
  return `${answer?.by ?? 'Somebody'} ${answer?.answer === 'cancel' ? 'cancelled' : 'rejected'} it${why}`;
}

function beforeAttaching(release: Release, seen: Seen): Move {
  const { now, quiet, busy, uncopied } = seen;
  const { terms, at } = release.begun;
  if (declined(release) !== undefined) return end('cancelled', wordsOfNo(release));
  if (now >= at + terms.timeBox)
    return end(
      'expired',
      `The shadow could not be attached within the time box${busy === undefined ? '' : `: ${busy}`}`,
    );
  if (busy !== undefined) return wait('somebody-else', undefined, busy);
  if (uncopied) return { kind: 'copy' };
  if (quiet && !isByBatch(release)) return wait('quiet-hours');
  return { kind: 'attach', step: 0, again: false };
}

function attaching(release: Release, seen: Seen, runs: string): Move {
  if (isByBatch(release)) return makingModel(release, seen, runs);
  const { config, shadows, step } = release;
  if (runs === config) return { kind: 'gather' };
  const earlier = shadows.includes(runs);
  if (step > 0 && !earlier) return changedMeanwhile(seen, `it runs ${runs}, no longer a shadow of this release`);
  if (seen.accepted) {
    const reason = `The endpoint did not start to run ${config} with the candidate; production serves as before.`;
    return earlier ? { kind: 'detach', why: 'did-not-start', reason } : end('did-not-start', reason);
  }
  if (declined(release) !== undefined) return earlier ? detachOnNo(release) : end('cancelled', wordsOfNo(release));
  if (seen.busy !== undefined && step === 0) return wait('somebody-else', undefined, seen.busy);
  if (seen.quiet) return wait('quiet-hours');
  return { kind: 'attach', step, again: true };
}

/** A batch needs the candidate's model, and no change of the endpoint. */
function makingModel(release: Release, seen: Seen, runs: string): Move {
  if (declined(release) !== undefined) return detachOnNo(release);
  return (
    overtaken(release, seen, runs) ?? (seen.accepted ? { kind: 'gather' } : { kind: 'attach', step: 0, again: true })
  );
}

function detachOnNo(release: Release): Move {
  return leave(release, declined(release) === 'cancel' ? 'cancelled' : 'rejected', wordsOfNo(release));
}

function detachOnFail(release: Release, { summary }: Evidence): Move {
  return leave(release, 'failed', summary);
}

/** Production stays: a shadow must be taken away before the end. */
function leave(release: Release, why: string, reason: string): Move {
  return isByBatch(release) ? end(ENDS[why] ?? 'kept', reason) : { kind: 'detach', why, reason };
}

/** When the time box ends; the shadow has run since `firstRan`. */
export function boxEnds({ firstRan, begun }: Release): number {
  return (firstRan ?? begun.at) + begun.terms.timeBox;
}

function gathering(release: Release, { now, quiet, evidence }: Seen): Move {
  const { terms } = release.begun;
  if (declined(release) !== undefined) return detachOnNo(release);
  if (evidence === undefined) return { kind: 'judge' };
  if (evidence.outcome === 'fail') return detachOnFail(release, evidence);
  const over = now >= boxEnds(release);
  const last = release.step >= terms.sampling.length - 1;
  if (!last && evidence.errors === 'pass' && !over)
    return quiet ? wait('quiet-hours') : { kind: 'attach', step: release.step + 1, again: false };
  if (last && evidence.passes) return { kind: 'ask', about: 'pass' };
  if (over) return { kind: 'ask', about: 'inconclusive' };
  return wait(last ? 'evidence' : 'errors', boxEnds(release));
}

/** Until when an answer is waited for: from the question that is open. */
export function answerUntil({ ask, since, begun }: Release): number {
  return (ask?.at ?? since) + begun.terms.answer;
}

function asking(release: Release, { now, evidence }: Seen): Move {
  const { terms } = release.begun;
  const { ask } = release;
  if (declined(release) !== undefined) return detachOnNo(release);
  if (evidence === undefined) return { kind: 'judge' };
  if (evidence.outcome === 'fail') return detachOnFail(release, evidence);
  if (ask?.about === 'inconclusive' && evidence.passes && release.step >= terms.sampling.length - 1)
    return { kind: 'ask', about: 'pass' };
  if (terms.approve === 'auto' && ask?.about === 'pass' && evidence.outcome === 'pass') return { kind: 'approve' };
  const until = answerUntil(release);
  if (terms.unanswered === 'keep' && now >= until) return leave(release, 'unanswered', 'Nobody answered in time.');
  return wait('answer', terms.unanswered === 'keep' ? until : undefined);
}

/** @param again it was announced, and AWS never heard of it */
function approved(release: Release, { quiet, evidence, busy }: Seen, again: boolean): Move {
  if (declined(release) !== undefined) return detachOnNo(release);
  if (busy !== undefined) return wait('somebody-else', undefined, busy);
  if (quiet) return wait('quiet-hours');
  if (evidence === undefined) return { kind: 'judge' };
  return holds(release, evidence) ? { kind: 'promote', alone: isByBatch(release), again } : { kind: 'turn' };
}

/** Whether the verdict is still what was approved. What a window alone accepts is less than the pass that was asked about. */
function holds({ ask }: Release, { outcome, passes, unread }: Evidence): boolean {
  if (unread === true) return false;
  if (ask?.about === 'inconclusive') return outcome !== 'fail';
  return ask?.outcome === 'pass' ? outcome === 'pass' : passes;
}

function promoting(release: Release, seen: Seen, runs: string): Move {
  const { config, shadows, beside } = release;
  if (!seen.accepted) {
    // Announced, and never asked for: whoever goes on judges again.
    if (isByBatch(release)) return overtaken(release, seen, runs) ?? approved(release, seen, true);
    if (beside) {
      if (!shadows.includes(runs)) return changedMeanwhile(seen, `it runs ${runs}`);
      return approved(release, seen, true);
    }
    return alone(release, seen, runs, true);
  }
  if (seen.ending === undefined) return { kind: 'follow' };
  if (seen.ending.kind === 'updated' && !shadows.includes(runs))
    return runs === config ? { kind: 'settle' } : takenBack(seen, runs);
  if (shadows.includes(runs)) return { kind: 'detach', why: 'rolled-back', reason: seen.ending.sentence };
  return end('rolled-back', seen.ending.sentence);
}

/** The shadow is away: the same model comes by itself, where nobody has said no or touched the endpoint since. */
function alone(release: Release, seen: Seen, runs: string, again: boolean): Move {
  const { own, busy, quiet } = seen;
  if (declined(release) !== undefined) return end('cancelled', wordsOfNo(release));
  if (!own) return changedMeanwhile(seen, `it runs ${runs} since the shadow was removed`);
  if (busy !== undefined) return wait('somebody-else', undefined, busy);
  if (quiet) return wait('quiet-hours');
  return { kind: 'promote', alone: true, again };
}

function settling({ until = 0, config }: Release, seen: Seen, runs: string): Move {
  const { now } = seen;
  if (runs !== config) return takenBack(seen, runs);
  return now < until ? wait('settling', until) : end('promoted', `The endpoint runs ${config}.`);
}

const ENDS: Readonly<Record<string, ReleaseOutcome>> = {
  cancelled: 'cancelled',
  'did-not-start': 'did-not-start',
  'rolled-back': 'rolled-back',
};

function detaching(release: Release, seen: Seen, runs: string): Move {
  const { shadows, leaving = { why: 'kept', reason: '' } } = release;
  if (shadows.includes(runs)) return { kind: 'detach', ...leaving };
  if (leaving.why === 'to-promote') return alone(release, seen, runs, false);
  return end(ENDS[leaving.why] ?? 'kept', leaving.reason);
}
