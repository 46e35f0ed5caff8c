import { createHash, randomBytes } from 'node:crypto';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { Problem } from '../../base/errors.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { recordFact } from '../../state/journal.ts';
import { HeldByAnother } from '../../state/lock.ts';
import { isByBatch, type Release, releasesOf } from '../../state/releases.ts';
import type { State } from '../../state/replay.ts';
import { recordedUpdates } from '../../state/updates.ts';
import { sendNote } from '../notify.ts';
import { type LockedEndpoint, lockEndpoint, openRun, type Session, viewEndpoint } from '../session.ts';
import type { EvidenceLook } from './evidence.ts';
import { answerUntil } from './machine.ts';
import type { ReleaseNote } from './note.ts';
import { type DueNote, dueNote } from './due-note.ts';
import { answersElsewhere } from './page.ts';
import { markOf, NotDecidedHere, type TickParts } from './tick-parts.ts';
import { beforeRelease } from './way-back.ts';

/** What passes by itself, or with a login, is told by the tick alone. */
export function staysInTheWay(error: unknown): error is Problem {
  if (!(error instanceof Problem) || error instanceof HeldByAnother || error.kind === 'interrupted') return false;
  return !(error instanceof AwsProblem && (error.transient || error.aboutCredentials));
}

/** Writes down what stands in the way, once, so that people are told of it. */
export async function noteTrouble(session: Session, parts: TickParts, release: Release, error: unknown): Promise<void> {
  if (!staysInTheWay(error)) return;
  const { endpoint } = parts;
  try {
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      const now = releasesOf(on.state()).at(-1);
      if (now?.id !== release.id || now.ended !== undefined || now.trouble?.what === error.message) return;
      const elsewhere = error instanceof NotDecidedHere;
      const value = {
        release: release.id,
        what: error.message,
        ...(elsewhere && { elsewhere }),
        at: session.clock.now(),
      };
      await recordFact(await openRun(on, 'release'), { name: 'release-trouble', value });
    });
    const { now, mark } = await viewEndpoint(session, endpoint, async (on) => ({
      now: releasesOf(on.state()).at(-1),
      mark: markOf(on.state()),
    }));
    const due = now && dueNote(now, parts.settings, session.clock.now());
    if (now !== undefined && due?.about === 'trouble')
      await sendDueNote(session, parts, { release: now, mark }, due, undefined);
  } catch (second) {
    // The first error says more.
    if (!(second instanceof Problem)) throw second;
  }
}

/** Tells people, and writes that down: who is killed between the two tells it again. */
export async function sendDueNote(
  session: Session,
  parts: TickParts,
  { release, mark }: { release: Release; mark: string },
  due: DueNote,
  look: EvidenceLook | undefined,
): Promise<void> {
  const { endpoint, targets } = parts;
  await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
    if (markOf(on.state()) !== mark) return;
    const run = await openRun(on, 'release');
    const link =
      due.about === 'asked' || due.about === 'reminder'
        ? await newLink(run, parts, release, session.clock.now())
        : undefined;
    const note = await noteOf(on, parts, release, due, look, link);
    session.emit({ kind: 'release-told', note });
    await sendNote(session, targets, note);
    await recordFact(run, {
      name: 'release-told',
      value: { release: release.id, about: due.key, at: session.clock.now() },
    });
  });
}

/** A page for the question that is open; its token is kept as a hash, written down before anybody gets it. */
async function newLink(
  run: JournaledRun,
  { endpoint, settings }: TickParts,
  release: Release,
  now: number,
): Promise<string | undefined> {
  const { ask } = release;
  if (settings.link === undefined || ask === undefined) return undefined;
  const token = randomBytes(32).toString('base64url');
  const sha256 = createHash('sha256').update(token).digest('hex');
  // Where answers are waited for without end, a reminder's link is as good as the first one.
  const { unanswered, answer } = release.begun.terms;
  const until = unanswered === 'wait' ? now + answer : answerUntil(release);
  await recordFact(run, { name: 'release-link', value: { release: release.id, ask: ask.ask, sha256, until } });
  return `${settings.link}/release/${endpoint}/${release.id}?token=${token}`;
}

async function noteOf(
  on: LockedEndpoint,
  parts: TickParts,
  release: Release,
  { about }: DueNote,
  look: EvidenceLook | undefined,
  link: string | undefined,
): Promise<ReleaseNote> {
  const { terms, source } = release.begun;
  const byBatch = isByBatch(release) && { evidence: 'batch' as const };
  const of = { endpoint: parts.endpoint, release: release.id, source: source.name, ...byBatch };
  const ask = release.ask;
  const verdict = { outcome: ask?.outcome ?? '', summary: ask?.summary ?? '', reasons: ask?.reasons ?? [] };
  switch (about) {
    case 'begun':
      return {
        ...of,
        about,
        sampling: terms.sampling,
        timeBox: terms.timeBox,
        cost: await parts.evidence.cost(on, release),
      };
    case 'asked':
    case 'reminder':
      return {
        ...of,
        about,
        ask: ask?.ask ?? 0,
        verdict,
        asks: ask?.about === 'pass' ? 'pass' : 'inconclusive',
        sides: look?.sides ?? [],
        until: answerUntil(release),
        unanswered: terms.unanswered === 'wait' ? 'wait' : 'keep',
        link,
        approvers: terms.approvers,
        pageAnswers: answersElsewhere(release) === undefined,
        registry: ask?.registry,
      };
    case 'turned': {
      const turn = release.turns.at(-1);
      return { ...of, about, ask: turn?.ask ?? 0, verdict: turn ?? verdict };
    }
    case 'trouble':
      return { ...of, about, what: release.trouble?.what ?? '', elsewhere: release.trouble?.elsewhere === true };
    case 'settling':
      return { ...of, about, config: release.config ?? '', until: release.until ?? 0 };
    default: {
      const { outcome = '', reason = '' } = release.ended ?? {};
      const wayBack = outcome === 'promoted' ? beforeRelease(on.state(), release) : undefined;
      return { ...of, about: 'ended', outcome, reason, wayBack };
    }
  }
}

/** Alarms that guarded the update and fire after it: production is not touched, people are told once. */
export async function tellAlarms(session: Session, parts: TickParts, release: Release, state: State): Promise<boolean> {
  const { endpoint, targets } = parts;
  const update = recordedUpdates(state).findLast(({ started }) => started.requested === release.config);
  if (update === undefined || release.notified.some(({ about }) => about === 'alarm')) return false;
  const alarms = await describeAlarms(await session.aws(), update.started.alarms, session.signal);
  const firing = alarms.flatMap((one) => (one.StateValue === 'ALARM' ? [one.AlarmName ?? ''] : []));
  if (firing.length === 0) return false;
  await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
    if (markOf(on.state()) !== markOf(state)) return;
    const { source } = release.begun;
    const of = { endpoint, release: release.id, source: source.name };
    const note: ReleaseNote = { ...of, about: 'alarm', alarms: firing, wayBack: beforeRelease(on.state(), release) };
    session.emit({ kind: 'release-told', note });
    await sendNote(session, targets, note);
    const value = { release: release.id, about: 'alarm', at: session.clock.now() };
    await recordFact(await openRun(on, 'release'), { name: 'release-told', value });
  });
  return true;
}
