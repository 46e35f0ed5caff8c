import type { CreateEndpointConfigCommandInput } from '@aws-sdk/client-sagemaker';
import { factsNamed } from './facts.ts';
import type { ConfigChange, State } from './replay.ts';
import { recordedUpdates } from './updates.ts';

/** A time in which an endpoint ran one config and nothing else, as the journal has it. Milliseconds since the epoch. */
export interface ConfigRun {
  config: string;
  /** When AWS was told to run it: before that it did not. */
  began: number;
  /** When it was seen to run it alone; undefined where nobody waited for that. */
  from: number | undefined;
  /** When AWS was told to run something else; undefined: it has not been. */
  to: number | undefined;
  /** What the config was made with, where it was made from here. */
  input: CreateEndpointConfigCommandInput | undefined;
}

type Known = Pick<State, 'facts' | 'lifetimes' | 'resources'>;

/**
 * Every run of every config, oldest first. While an update is under way both configs may answer, so that time belongs
 * to none; an update that was rolled back parts the run of the config before it in two. Pure.
 */
export function configRuns(state: Known): ConfigRun[] {
  return state.lifetimes.flatMap((changes) => runsOfLife(state, changes));
}

function runsOfLife(state: Known, changes: readonly ConfigChange[]): ConfigRun[] {
  const runs: ConfigRun[] = [];
  for (const change of changes) {
    const began = Date.parse(change.at);
    const before = runs.at(-1);
    if (before !== undefined) before.to ??= began;
    const ended = endOf(state, change);
    const took = ended === undefined || ended.kind === 'updated' || ended.kind === 'created';
    if (took) runs.push(newRun(state, change.config, began, ended?.at));
    else if (before !== undefined) runs.push({ ...before, began, from: ended.at, to: undefined });
  }
  const last = runs.at(-1);
  if (last !== undefined) last.to ??= cleanedAfter(state, last.began);
  return runs;
}

function newRun({ resources }: Known, config: string, began: number, from: number | undefined): ConfigRun {
  const made = resources.find(({ ref }) => ref.kind === 'endpoint-config' && ref.name === config)?.input;
  const input = made?.ProductionVariants === undefined ? undefined : (made as unknown as ConfigRun['input']);
  return { config, began, from, to: undefined, input };
}

/** How a change ended, where somebody waited for that, and when that was seen: another command may have watched its end. */
function endOf({ facts }: Known, { run, config }: ConfigChange): { kind: string; at: number } | undefined {
  const guarded = recordedUpdates({ facts }).find((one) => one.run === run && one.started.requested === config)?.ended;
  if (guarded?.endedAt !== undefined) return { kind: guarded.kind, at: guarded.endedAt };
  const fact = factsNamed(facts, 'update-ended').findLast((one) => one.run === run && one.value.requested === config);
  return fact && { kind: fact.value.kind, at: fact.value.endedAt ?? Date.parse(fact.at) };
}

/** When cleanup had deleted what ran since this moment. */
function cleanedAfter({ facts }: Known, moment: number): number | undefined {
  const clean = factsNamed(facts, 'clean').find((fact) => Date.parse(fact.at) > moment);
  return clean && Date.parse(clean.at);
}
