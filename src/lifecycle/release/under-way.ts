import { Problem } from '../../base/errors.ts';
import { lines, shown, text, type Text } from '../../base/text.ts';
import { dateAndTime, percent } from '../../base/units.ts';
import { isByBatch, openRelease, type Release } from '../../state/releases.ts';
import type { State } from '../../state/replay.ts';
import { answerUntil, boxEnds, type WaitFor } from './machine.ts';

/** A release that has not ended, as the journal alone has it: for those that look at its endpoint. */
export interface ReleaseUnderWay {
  id: string;
  /** What is released: an S3 URI, a path, a model, an ARN. */
  candidate: string;
  at: Release['at'];
  /** Since when (ISO 8601). */
  since: string;
  /** What it waits for; `tick`: the next look goes on by itself. */
  waitsFor: WaitFor | 'tick';
  /** When that ends by itself (ISO 8601). */
  until: string | undefined;
  /** Share of the requests that its shadow sees, 0 to 1, while it has one. */
  sees: number | undefined;
  /** The batch that gathers its evidence, in place of a shadow. */
  batch: string | undefined;
  /** The number of the question that is open. */
  question: number | undefined;
  /** What stands in its way. */
  trouble: string | undefined;
  /** What it waits for, as a sentence without its end. */
  waiting: string;
  /** All of this in words, without the last full stop. */
  text: string;
  /** What may be done about it, one way a line. */
  next: Text;
}

/** The release that is under way. Pure. */
export function releaseUnderWay(state: Pick<State, 'facts'>, endpoint: string): ReleaseUnderWay | undefined {
  const release = openRelease(state);
  if (release === undefined) return undefined;
  const { id, begun, at, since, ask, trouble, shadows } = release;
  const waits = waitOf(release);
  const attached = shadows.length > 0 && ['attaching', 'gathering', 'asking', 'approved'].includes(at);
  const sees = attached ? begun.terms.sampling[release.step] : undefined;
  const batch = isByBatch(release) ? id : undefined;
  const stands = batch === undefined ? STANDS[at] : (BY_BATCH[at] ?? STANDS[at]);
  const seeing = at === 'gathering' && sees !== undefined ? `, which sees ${percent(sees)} of the requests` : '';
  const until = waits.until === undefined ? '' : `, until ${dateAndTime(waits.until)} UTC at most`;
  const inItsWay = trouble === undefined ? '' : `; in its way: ${trouble.what.replace(/[.]$/, '')}`;
  const waiting = `It waits for ${WAITED[waits.for]}${until}${inItsWay}`;
  return {
    id,
    candidate: begun.source.name,
    at,
    since: iso(since),
    waitsFor: waits.for,
    until: waits.until === undefined ? undefined : iso(waits.until),
    sees,
    batch,
    question: at === 'asking' ? ask?.ask : undefined,
    trouble: trouble?.what,
    waiting,
    text: `Release ${id} of ${begun.source.name} is under way since ${dateAndTime(begun.at)} UTC: ${stands}${seeing}. ${waiting}`,
    next: nextOf(release, endpoint),
  };
}

const iso = (at: number) => new Date(at).toISOString();

/** Where a release stands: goes on after a colon. */
const STANDS: Readonly<Record<Release['at'], string>> = {
  begun: 'nothing of it is on the endpoint yet',
  attaching: 'its shadow is being attached',
  gathering: 'evidence gathers by its shadow',
  asking: 'people were asked whether to take the candidate',
  approved: 'it is approved',
  promoting: 'the candidate is becoming production',
  settling: 'the candidate is production',
  detaching: 'its shadow is being removed',
  ended: 'it has ended',
};

/** The same, where a batch gathers its evidence. */
const BY_BATCH: Readonly<Partial<Record<Release['at'], string>>> = {
  attaching: 'the model of its batch is being made',
  gathering: 'evidence gathers by its batch',
};

/** What is waited for: goes on after "for". */
const WAITED: Readonly<Record<ReleaseUnderWay['waitsFor'], string>> = {
  tick: 'its next look',
  'somebody-else': 'somebody else who is at work on the endpoint',
  'quiet-hours': 'the end of the quiet hours',
  endpoint: 'SageMaker, which changes the endpoint',
  errors: 'its errors gate, before its shadow sees more requests',
  evidence: 'evidence that decides',
  answer: 'an answer',
  update: 'the update into production, which alarms guard',
  settling: 'the end of the time in which production is watched',
};

/** What a release waits for, as far as the journal tells. Pure. */
function waitOf(release: Release): { for: ReleaseUnderWay['waitsFor']; until?: number | undefined } {
  const { at, begun, step, until } = release;
  switch (at) {
    case 'attaching':
    case 'detaching':
      return { for: 'endpoint' };
    case 'gathering':
      return { for: step < begun.terms.sampling.length - 1 ? 'errors' : 'evidence', until: boxEnds(release) };
    case 'asking':
      return { for: 'answer', until: begun.terms.unanswered === 'keep' ? answerUntil(release) : undefined };
    case 'promoting':
      return { for: 'update' };
    case 'settling':
      return { for: 'settling', until };
    default:
      return { for: 'tick' };
  }
}

/** What may be done about a release, the likeliest first. Pure. */
function nextOf({ at, ask }: Release, endpoint: string): Text {
  const status = text`How the release stands: ${shown('release status', { endpoint })}`;
  const goOn = text`To go on now: ${shown('release', { endpoint, once: true })}`;
  if (at === 'asking' && ask !== undefined)
    return lines(
      status,
      text`To approve: ${shown('release approve', { endpoint, question: ask.ask })}`,
      text`To reject: ${shown('release reject', { endpoint, question: ask.ask })}`,
    );
  if (at === 'promoting')
    return lines(
      status,
      text`To watch the update: ${shown('watch', { endpoint })}`,
      text`To stop it: ${shown('abort', { endpoint })}`,
    );
  if (at === 'settling') return lines(status, goOn, text`To take the candidate back: ${shown('undo', { endpoint })}`);
  return lines(status, goOn, text`To end it: ${shown('release cancel', { endpoint })}`);
}

/** The release whose shadow the endpoint carries. Pure. */
export function releaseOfShadow(state: Pick<State, 'facts'>, config: string | undefined): Release | undefined {
  const release = openRelease(state);
  return config !== undefined && release?.shadows.includes(config) === true ? release : undefined;
}

/** Whether the config carries the shadow of a release that is under way. Pure. */
export function isShadowOfRelease(state: Pick<State, 'facts'>, endpoint: string, config: string | undefined): boolean {
  return releaseOfShadow(state, config) !== undefined && releaseUnderWay(state, endpoint) !== undefined;
}

/**
 * A shadow that a release has attached is judged with the release's labels and policy, and taken or left by whoever may answer
 * the release.
 * @param config what the endpoint runs
 * @throws Problem (cannot-run) where the shadow is a release's
 */
export function refuseShadowOfRelease(state: Pick<State, 'facts'>, endpoint: string, config: string | undefined): void {
  const underWay = isShadowOfRelease(state, endpoint, config) ? releaseUnderWay(state, endpoint) : undefined;
  if (underWay === undefined) return;
  throw new Problem('cannot-run', `The shadow of endpoint "${endpoint}" is a release's. ${underWay.text}.`, {
    next: underWay.next,
  });
}
