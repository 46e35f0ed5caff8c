import type { JournalEvent, Recorded } from './events.ts';
import type { FactValue, RecordedFact } from './facts.ts';
import type { ResourceRef } from './resource-ref.ts';

type Begin = Extract<JournalEvent, { type: 'begin' }>;

/** One resource as the journal has it. */
export interface TrackedResource {
  ref: ResourceRef;
  /**
   * - `exists`: AWS accepted its creation
   * - `unknown`: its creation was begun, and how that ended is not known: `resolveOpenSteps` asks
   * - `absent`: refused, or not found when AWS was asked
   * - `deleted`: AWS accepted its deletion
   */
  state: 'exists' | 'unknown' | 'absent' | 'deleted';
  /** Adopted: it existed before us, and we never delete it. */
  adopted: boolean;
  /** The run that created it, as its tag `shadowctl:run` says. */
  run: string;
  /** What it was created with, as far as the journal keeps it. */
  input: Record<string, unknown>;
  /** When its creation was begun (or it was adopted), ISO 8601. */
  at: string;
}

/** A step that was begun and not ended. */
export interface OpenStep extends Begin {
  at: string;
}

/** One accepted change of the config an endpoint runs, oldest first. */
export interface ConfigChange {
  config: string;
  run: string;
  at: string;
}

/** One command that worked on the endpoint. */
interface RecordedRun {
  run: string;
  command: string;
  /** Who on which machine. */
  by: string;
  /** ARN of whose credentials they were; undefined where STS did not tell. */
  caller: string | undefined;
  at: string;
  acted: boolean;
}

/** What a journal says, once replayed. */
export interface State {
  /**
   * Every resource ever begun since the last clean end, in order of creation; a name begun again counts from then. Folders of
   * captures that were deleted outlast that end: SageMaker may write there late.
   */
  resources: TrackedResource[];
  open: OpenStep[];
  /** The configs the endpoint was told to run since the last clean end, oldest first; how each ended, AWS knows. */
  configs: ConfigChange[];
  /** Changes of config from the beginning of the journal, by lifetime of the endpoint: each ended with a cleanup. */
  lifetimes: ConfigChange[][];
  /** Every time the endpoint was deleted, with the config that it was told to run last, oldest first. */
  deletions: ConfigChange[];
  facts: RecordedFact[];
  /** Every run; `acted` where it began a step or recorded a fact of its own: one that found nothing to do has not. */
  runs: RecordedRun[];
  /** True when nothing was done, or cleanup has proven that nothing is left and nothing was done since. */
  clean: boolean;
}

/** The key of a resource: kinds have names of their own. */
export function keyOf(ref: ResourceRef): string {
  return `${ref.kind} ${ref.name}`;
}

/** What only looks make and remove. */
const OF_LOOKS: ReadonlySet<string> = new Set(['glue-database', 'athena-data', 'athena-look']);

/** Replays a journal: the only way to know what exists because of us. Pure. */
export function replay(events: readonly Recorded[]): State {
  const resources = new Map<string, TrackedResource>();
  const begun = new Map<string, OpenStep>();
  const state: State = {
    resources: [],
    open: [],
    configs: [],
    lifetimes: [],
    deletions: [],
    facts: [],
    runs: [],
    clean: true,
  };
  for (const event of events) {
    switch (event.type) {
      case 'run':
        state.runs.push({
          run: event.run,
          command: event.command,
          by: event.by,
          caller: event.caller,
          at: event.at,
          acted: false,
        });
        break;
      case 'begin':
        // A look by Athena makes things of its own, and changes nothing of the endpoint.
        if (!OF_LOOKS.has(event.resource.kind)) markActed(state, event.run);
        state.clean = false;
        begun.set(event.step, event);
        if (event.action === 'create') announce(resources, event);
        break;
      case 'end': {
        const step = begun.get(event.step);
        begun.delete(event.step);
        if (step?.action === 'delete' && step.resource.kind === 'endpoint' && event.outcome !== 'refused')
          state.deletions.push({ config: state.configs.at(-1)?.config ?? '', run: step.run, at: event.at });
        if (step !== undefined && !endStep(resources, step, event.outcome)) break;
        if (step !== undefined) noteConfig(state, step);
        break;
      }
      case 'fact':
        state.facts.push(event);
        // How an update ended is written down by whoever watched it; what was waived or failed, by a look, which changes nothing.
        if (!['update-ended', 'waived', 'judged', 'ran', 'stands'].includes(event.name)) markActed(state, event.run);
        if (event.name === 'adopted') {
          adopt(resources, event.value, event);
          state.clean = false;
        }
        if (event.name === 'taken-over')
          state.configs.push({ config: event.value.config, run: event.run, at: event.at });
        if (event.name === 'found') {
          found(resources, event.value, event.at);
          state.clean = false;
        }
        if (event.name === 'disowned') {
          for (const [key, { adopted }] of resources) if (adopted) resources.delete(key);
          if ([...resources.values()].every(isLate) && begun.size === 0) state.clean = true;
        }
        if (event.name === 'clean') {
          for (const [key, tracked] of resources) if (!isLate(tracked)) resources.delete(key);
          if (state.configs.length > 0) state.lifetimes.push(state.configs);
          state.configs = [];
          state.clean = true;
        }
        break;
      case 'open':
      case 'unknown':
        break;
    }
  }
  state.resources = [...resources.values()];
  state.open = [...begun.values()];
  if (state.configs.length > 0) state.lifetimes.push(state.configs);
  return state;
}

/** A folder of captures that was deleted: SageMaker may write what it still held back, also after a clean end. */
function isLate({ ref, state }: TrackedResource): boolean {
  return ref.kind === 's3-prefix' && state === 'deleted';
}

/** The resources (of one kind) that exist, or may. */
export function existing(state: State, kind?: ResourceRef['kind']): TrackedResource[] {
  return state.resources.filter(
    (tracked) =>
      (tracked.state === 'exists' || tracked.state === 'unknown') && (kind === undefined || tracked.ref.kind === kind),
  );
}

/** What the journal has of one resource. */
export function trackedResource(state: State, ref: ResourceRef): TrackedResource | undefined {
  return state.resources.find((tracked) => keyOf(tracked.ref) === keyOf(ref));
}

function markActed(state: State, id: string): void {
  const run = state.runs.findLast((one) => one.run === id);
  if (run !== undefined) run.acted = true;
}

function announce(resources: Map<string, TrackedResource>, event: OpenStep): void {
  const key = keyOf(event.resource);
  const before = resources.get(key);
  // Creating what exists (a put of the same name) changes nothing about who owns it, should AWS refuse it.
  if (before?.state === 'exists') return;
  resources.delete(key);
  resources.set(key, {
    ref: event.resource,
    state: 'unknown',
    adopted: false,
    run: event.run,
    input: event.input ?? {},
    at: event.at,
  });
}

/** Gives whether the step took effect. */
function endStep(
  resources: Map<string, TrackedResource>,
  step: OpenStep,
  outcome: 'done' | 'refused' | 'absent',
): boolean {
  const tracked = resources.get(keyOf(step.resource));
  if (tracked === undefined) return outcome === 'done';
  if (step.action === 'create') {
    if (outcome === 'done')
      Object.assign(tracked, { state: 'exists', run: step.run, input: step.input ?? tracked.input });
    else if (tracked.state === 'unknown') tracked.state = 'absent';
  }
  if (step.action === 'delete' && outcome !== 'refused') tracked.state = 'deleted';
  // Its process is gone, and nothing else makes what belongs to one look: nobody need look for it again.
  if (step.action === 'delete' && step.resource.kind === 'athena-look' && outcome === 'done')
    resources.delete(keyOf(step.resource));
  return outcome === 'done';
}

function noteConfig(state: State, step: OpenStep): void {
  const config = step.input?.EndpointConfigName;
  if (step.resource.kind !== 'endpoint' || typeof config !== 'string') return;
  state.configs.push({ config, run: step.run, at: step.at });
}

function adopt(
  resources: Map<string, TrackedResource>,
  ref: ResourceRef,
  { run, at }: { run: string; at: string },
): void {
  resources.set(keyOf(ref), { ref, state: 'exists', adopted: true, run, input: {}, at });
}

function found(resources: Map<string, TrackedResource>, { run, ...ref }: FactValue<'found'>, at: string): void {
  const key = keyOf(ref);
  // What was adopted stays adopted, whatever tag it carries: nothing deletes it until it is given back.
  if (resources.get(key)?.state === 'exists') return;
  resources.delete(key);
  resources.set(key, { ref, state: 'exists', adopted: false, run, input: {}, at });
}

/** The state, had what was found by its tags been written down at this moment (ISO 8601). Pure. */
export function withFound(state: State, all: readonly FactValue<'found'>[], at: string): State {
  const resources = new Map(state.resources.map((one) => [keyOf(one.ref), one]));
  for (const one of all) found(resources, one, at);
  return { ...state, resources: [...resources.values()], clean: state.clean && all.length === 0 };
}

/** Every run that may have created something for this endpoint: those of the journal, and those that tags have told. */
export function ownRuns(state: State): string[] {
  return [...new Set([...state.runs.map(({ run }) => run), ...state.resources.map(({ run }) => run)])];
}
