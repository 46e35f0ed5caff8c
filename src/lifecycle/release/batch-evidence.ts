import { createHash } from 'node:crypto';
import { dayAt, dayPlus, endedDays, periodOf } from '../../analysis/batch/period.ts';
import { describeEndpointConfig } from '../../aws/sagemaker.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { environmentError } from '../../base/errors.ts';
import { count, DAY, dateAndTime, HOUR, percent } from '../../base/units.ts';
import { hourlyCost } from '../../guard/prices.ts';
import { productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import type { Report } from '../../report/report.ts';
import type { Release } from '../../state/releases.ts';
import { stopJobs } from '../batch/cleanup.ts';
import { judgeBatch } from '../batch/report.ts';
import type { LookedDay } from '../batch/decision.ts';
import { runDay } from '../batch/run.ts';
import { openBatch } from '../batch/store.ts';
import { examineCandidate, leaveOutExisting, nameCandidate, planModel } from '../candidate.ts';
import { judgementOf, nothingJudged } from '../judge.ts';
import { pricesOf } from '../prices.ts';
import { applySteps, openRun, type Session } from '../session.ts';
import { batchSettingsOf } from './batch-run.ts';
import type { ReleaseBatch } from './batch-settings.ts';
import { evidenceOf, type EvidencePort, type Gathered, type ReleaseJudging, withLabels } from './evidence.ts';
import type { SideBySide } from './note.ts';
import type { ReleaseSettings } from './settings.ts';
import { candidateOf } from './source.ts';
import { redactedVerdict } from './redacted-verdict.ts';
import { staysInTheWay } from './send-notes.ts';

/** So many days before the newest are looked at again when that has been run: what came late is counted. */
const LOOK_BACK = 7;

/**
 * The evidence of days of recorded inputs, which a batch runs the candidate over. Its name is that of the release. Nothing is on the
 * endpoint; what it runs must stay as it is, since that is what the candidate replaces.
 */
export function batchEvidence(
  session: Session,
  endpoint: string,
  { settings, judging }: { settings: ReleaseSettings; judging: ReleaseJudging },
): EvidencePort {
  return {
    async attach(on, release, { again }, announce) {
      const { aws, journal } = on;
      const live = await readLive(aws, endpoint, session.signal);
      if (live === undefined) throw endpointNotFound(aws.target, endpoint);
      requireOurs(live, on.state(), journal.path, 'adopt');
      requireSettled(live, on.state());
      // Of several variants nobody has said which one the candidate is held against.
      productionOf(live);
      const candidate = candidateOf(release, settings);
      const named = candidate.model === undefined && again ? { modelName: release.model } : {};
      const names = await nameCandidate(on, { ...candidate, ...named });
      const checked = await examineCandidate(session, candidate, live.model);
      const steps = await leaveOutExisting(on, await planModel(on, candidate, names, checked, live.model));
      const run = await openRun(on, 'release', names.own.run);
      await announce(run, { model: names.model, config: live.endpoint.EndpointConfigName ?? '' });
      await applySteps(session, run, steps);
    },
    gather: (release, signal = session.signal) =>
      gatherDays({ ...session, signal }, release, { batch: requireBatch(settings, release), judging }),
    async look(release, signal = session.signal) {
      const looking = { ...session, signal };
      const batch = requireBatch(settings, release);
      const { policy, policyFrom, labels, comparator } = judging;
      if ((await (await openBatch(looking, release.id)).days()).length === 0) return noDayYet(release, batch);
      const report = await judgeBatch(looking, {
        ...{ batch: release.id, policy, policyFrom, labels, comparator },
        memory: '1GB',
        redact: false,
        length: release.begun.terms.timeBox,
      });
      const told = redactedVerdict(report, judgementOf(report), settings.report === 'full');
      return {
        evidence: evidenceOf(told.gates, told.judgement),
        judgement: told.judgement,
        sides: sidesOf(report),
        report,
      };
    },
    async detach() {
      throw new Error('a batch has nothing on the endpoint');
    },
    // What its jobs cost is known by their days.
    async cost() {
      const { instanceType, instances: each } = settings.batch ?? {};
      if (instanceType === undefined) return undefined;
      const fleet = { instanceType, count: each ?? 1 };
      return `${hourlyCost(await pricesOf(session, [fleet]), [fleet])} for each transform job, while it runs`;
    },
    close: (release) => stopJobs(session, release.id),
  };
}

/** @throws Problem (cannot-run) where a later edit took away what a release began with */
function requireBatch({ batch }: ReleaseSettings, { id }: Release): ReleaseBatch {
  if (batch !== undefined) return batch;
  throw environmentError(
    `Release ${id} gathers its evidence by a batch, and release: in the settings says no batch: any more.`,
    'Write it as it was when the release began, or cancel the release.',
  );
}

/** The first day that counts: the one on which the release began, or so many before. */
function firstDay({ begun }: Release, { zone, daysBefore }: ReleaseBatch): string {
  return dayPlus(dayAt(begun.at, zone), -daysBefore);
}

/** Runs the days that are due, one after the other: begins one, or looks how it stands. */
async function gatherDays(
  session: Session,
  release: Release,
  { batch, judging }: { batch: ReleaseBatch; judging: ReleaseJudging },
): Promise<Gathered> {
  const aws = await session.aws();
  const { policy, decisions } = judging;
  const config =
    release.production === undefined
      ? undefined
      : await describeEndpointConfig(aws, release.production, session.signal);
  const production = config?.ProductionVariants?.[0]?.ModelName;
  if (production === undefined)
    throw environmentError(
      `Endpoint config ${release.production ?? ''}, which production ran when release ${release.id} began, no longer exists, so it is not known which model to compare the candidate with.`,
      'Cancel the release and start it again.',
    );
  const settings = batchSettingsOf(batch, {
    batch: release.id,
    model: release.model ?? '',
    production,
    policy,
    decisions,
  });
  const now = session.clock.now();
  const due = endedDays(firstDay(release, batch), batch.zone, now - batch.delay);
  const kept = new Set(await (await openBatch(session, release.id)).days());
  const gathered: Gathered = { days: [], missing: [], failed: [] };
  const by = createHash('sha256').update(JSON.stringify(batch)).digest('hex').slice(0, 12);
  const how = { plan: false, waits: false };
  const run = async (day: string): Promise<LookedDay | undefined> => {
    try {
      return await runDay(session, settings, day, how);
    } catch (error) {
      if (!staysInTheWay(error)) throw error;
      gathered.failed.push({ day, settings: by, problem: error });
      return undefined;
    }
  };
  for (const day of due.filter((one) => !kept.has(one) && !isLeftAlone(release, one, by, now))) {
    const found = await run(day);
    if (found?.kind === 'running') break;
    if (found?.kind === 'missing') gathered.missing.push(found.problem);
    if (found?.kind === 'done')
      gathered.days.push({ day, rows: found.day.rows.delivered, judged: found.day.rows.judged });
  }
  if (gathered.days.length > 0)
    for (const day of due.slice(-LOOK_BACK - 1).filter((one) => kept.has(one))) await run(day);
  return gathered;
}

/**
 * A day that could not be run is read anew after an hour, two, four and so on, at least once a day; at once where the settings have
 * changed. Pure.
 */
function isLeftAlone({ failedDays }: Pick<Release, 'failedDays'>, day: string, settings: string, now: number): boolean {
  const failed = failedDays.find((one) => one.day === day && one.settings === settings);
  return failed !== undefined && now < failed.at + Math.min(HOUR * 2 ** (failed.times - 1), DAY);
}

function noDayYet(release: Release, batch: ReleaseBatch) {
  const first = firstDay(release, batch);
  const due = periodOf(first, batch.zone).to + batch.delay;
  const summary = `No day has been run yet: the first, ${first}, is due from ${dateAndTime(due)} UTC on.`;
  const judgement = nothingJudged('inconclusive', summary);
  return { evidence: evidenceOf([], judgement), judgement, sides: [] };
}

/** Production and candidate side by side. Pure. */
function sidesOf({ observations: { predictions }, policy, batch }: Report): SideBySide[] {
  const labels = predictions?.labels;
  const alike =
    labels === undefined || labels.rows === 0
      ? []
      : [{ measure: 'same answers', production: '', candidate: percent(labels.agree / labels.rows) }];
  const of = predictions === undefined ? [] : withLabels(predictions, policy);
  return [
    { measure: 'days', production: '', candidate: String(batch?.days.length ?? 0) },
    { measure: 'rows judged', production: '', candidate: count(predictions?.pairs ?? 0) },
    ...(of.length > 0 ? of : alike),
  ];
}
