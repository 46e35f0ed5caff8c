import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { describeEndpoint } from '../aws/sagemaker.ts';
import { configBefore } from '../state/earlier-configs.ts';
import { factsNamed, type RecordedWaiver } from '../state/facts.ts';
import { endingOf, recordedUpdates } from '../state/updates.ts';
import type { ConfigChange, State } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { type Session, viewEndpoint } from './session.ts';

/** One change of what an endpoint runs, or a report by which gates were waived (`command` is `report`; nothing changed). */
export interface HistoryEntry {
  /** ISO 8601. */
  at: string;
  command: string;
  /** Who on which machine. */
  by: string;
  /** ARN of whose credentials they were; null where STS did not tell, and in journals of before 0.2. */
  caller: string | null;
  /** Null where it was created. */
  from: string | null;
  to: string;
  /** How it ended, where it was watched to its end: an ending's kind. */
  ending: string | null;
  /**
   * Of the last change, where its end is not in the journal: whether it is under way, or its config runs by now; of a rollout,
   * whether a command watches it (`watched`), or nobody does (`paused`).
   */
  now: 'under-way' | 'runs' | 'watched' | 'paused' | null;
  sentence: string | null;
  /** Alarms that rolled it back. */
  alarms: readonly string[];
  /** Requests the new fleet served while it was watched. */
  requests: number | null;
  /** The verdict on the shadow that it promoted, or of the report; `forced`: against it. */
  verdict: { outcome: string; forced: boolean } | null;
  /** Gates that failed by a verdict on the shadow, which `promote` asks for until they pass. */
  failed: readonly { gate: string; reason: string }[];
  /** Gates that passed after they had failed. */
  passed: readonly string[];
  /** Gates that did not pass, and did not decide about that verdict: who answers for it, and why. */
  waived: readonly RecordedWaiver[];
  /** Findings that `--unguarded` overruled, by what they are about and their check. */
  overruled: readonly string[];
  /** Why production was kept, as `keep --reason` said it. */
  reason: string | null;
}

/** What the journal knows of an endpoint, oldest first; of a last change whose end it does not know, AWS is asked. */
export function history(session: Session, endpoint: string): Promise<HistoryEntry[]> {
  return viewEndpoint(session, endpoint, async ({ state, aws, journal }) => {
    const entries = historyOf(state());
    const at = entries.findLastIndex(isChange);
    const last = entries[at];
    if (last === undefined || last.ending !== null || state().clean) return entries;
    const held = (await journal.store.holder()) !== undefined;
    if (positionOf(state()) !== undefined) return entries.with(at, { ...last, now: held ? 'watched' : 'paused' });
    if (held) return entries.with(at, { ...last, now: 'under-way' });
    return entries.with(at, { ...last, now: await stateOf(aws, endpoint, last.to, session.signal) });
  });
}

/** Did it change what the endpoint runs? */
function isChange({ command, failed, passed }: HistoryEntry): boolean {
  return command !== 'report' && failed.length + passed.length === 0;
}

/** What AWS says of the change to a config; null where it says nothing of it, or may not be asked. */
async function stateOf(aws: Aws, endpoint: string, config: string, signal: AbortSignal): Promise<HistoryEntry['now']> {
  try {
    const live = await describeEndpoint(aws, endpoint, signal);
    if (live?.EndpointStatus === 'Updating' || live?.EndpointStatus === 'Creating') return 'under-way';
    return live?.EndpointStatus === 'InService' && live.EndpointConfigName === config ? 'runs' : null;
  } catch (error) {
    if (error instanceof AwsProblem) return null;
    throw error;
  }
}

/** What the journal knows of every change AWS accepted, and of reports that waived, oldest first. Pure. */
function historyOf(state: State): HistoryEntry[] {
  const changes = state.lifetimes.flatMap((life) => lifeOf(state, life));
  return [...changes, ...reportsOf(state), ...verdictsOf(state), ...deletionsOf(state)].toSorted(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
}

function whose(state: State, id: string): Pick<HistoryEntry, 'by' | 'caller'> {
  const run = state.runs.find((one) => one.run === id);
  return { by: run?.by ?? 'unknown', caller: run?.caller ?? null };
}

function reportsOf(state: State): HistoryEntry[] {
  return factsNamed(state.facts, 'waived').map(({ at, run, value: { verdict, waivers, config } }) => ({
    at,
    command: 'report',
    ...whose(state, run),
    from: config ?? null,
    to: config ?? 'unknown',
    ending: null,
    now: null,
    sentence: null,
    alarms: [],
    requests: null,
    verdict: { outcome: verdict, forced: false },
    failed: [],
    passed: [],
    waived: waivers,
    overruled: [],
    reason: null,
  }));
}

/** Verdicts by which a gate failed, or passed after it had. */
function verdictsOf(state: State): HistoryEntry[] {
  return factsNamed(state.facts, 'judged').map(({ at, run, value: { verdict, config, failed, passed } }) => ({
    at,
    command: state.runs.find((one) => one.run === run)?.command ?? 'unknown',
    ...whose(state, run),
    from: config,
    to: config,
    ending: null,
    now: null,
    sentence: null,
    alarms: [],
    requests: null,
    verdict: { outcome: verdict, forced: false },
    failed,
    passed,
    waived: [],
    overruled: [],
    reason: null,
  }));
}

/** Each time the endpoint was deleted, with what it ran then. */
function deletionsOf(state: State): HistoryEntry[] {
  return state.deletions.map(({ config, run, at }) => ({
    at,
    command: state.runs.find((one) => one.run === run)?.command ?? 'unknown',
    ...whose(state, run),
    from: config,
    to: config,
    ending: 'deleted',
    now: null,
    sentence: null,
    alarms: [],
    requests: null,
    verdict: null,
    failed: [],
    passed: [],
    waived: [],
    overruled: [],
    reason: null,
  }));
}

/** From the creation of an endpoint to its cleanup. */
function lifeOf(state: State, changes: readonly ConfigChange[]): HistoryEntry[] {
  const updates = recordedUpdates(state);
  let running: string | null = null;
  return changes.map((change, index): HistoryEntry => {
    const run = state.runs.find((one) => one.run === change.run);
    const update = updates.find((one) => one.run === change.run && one.started.requested === change.config);
    const from = update?.started.previous ?? running ?? configBefore(state, change) ?? null;
    const ended = update?.ended;
    const promoted = factsNamed(state.facts, 'promoted').find((fact) => fact.run === change.run)?.value;
    const kept = keptBy(state, change, changes[index + 1]);
    const kind = (ended ?? endingOf(state, change))?.kind ?? rolloutEnding(state, change);
    // What rolled back leaves running what ran before.
    // A rollout that failed ran all the same; that it went back is a change of its own.
    const took = kind === undefined || kind === 'updated' || kind === 'created' || kind.startsWith('rollout-');
    if (took) running = change.config;
    return {
      at: change.at,
      command: update?.started.command ?? run?.command ?? 'unknown',
      ...whose(state, change.run),
      from,
      to: change.config,
      ending: kind ?? null,
      now: null,
      sentence: ended?.sentence ?? null,
      alarms: ended?.alarms ?? [],
      requests: ended?.served?.requests ?? null,
      verdict: promoted === undefined ? null : { outcome: promoted.verdict, forced: promoted.forced },
      failed: [],
      passed: [],
      waived: promoted?.waived ?? [],
      overruled: update?.started.overruled ?? [],
      reason: kept?.value.reason ?? null,
    };
  });
}

/** How the last change of a run ended, where the journal knows that. Pure. */
export function endOf(state: State, run: string): string | undefined {
  const change = state.configs.findLast((one) => one.run === run);
  if (change === undefined) return undefined;
  return historyOf(state).findLast((one) => one.at === change.at && one.to === change.config)?.ending ?? undefined;
}

/** How a rollout ended, for the change that began it; what it did after that was done. Undefined where it has not ended. */
function rolloutEnding({ facts }: State, { at, config }: ConfigChange): string | undefined {
  const begun = factsNamed(facts, 'rollout-begun').findLast(({ at: began, value }) =>
    began <= at ? [value.config, value.final, value.previous].includes(config) : false,
  );
  const ended = factsNamed(facts, 'rollout-ended').find((fact) => begun !== undefined && fact.at >= begun.at);
  if (begun === undefined || ended === undefined || ended.at < at) return undefined;
  return config === begun.value.config ? `rollout-${ended.value.outcome}` : 'updated';
}

/** What `keep` wrote down once its change was done: as a run of its own, before the next change. */
function keptBy(state: State, change: ConfigChange, next: ConfigChange | undefined) {
  if (state.runs.find((one) => one.run === change.run)?.command !== 'keep') return undefined;
  return factsNamed(state.facts, 'kept').find(({ at }) => at >= change.at && (next === undefined || at <= next.at));
}
