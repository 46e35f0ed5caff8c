import * as v from 'valibot';
import { mistakes } from '../base/schema.ts';
import { FACTS, isFactName, type JournalFact } from './facts.ts';
import { resourceRef } from './resource-ref.ts';

const text = v.string('a text');

const OUTCOMES = ['done', 'refused', 'absent'] as const;

/**
 * - `done`: AWS accepted it
 * - `refused`: AWS said no on the first attempt, so nothing happened
 * - `absent`: afterwards AWS was asked, and the resource does not exist
 */
export type StepOutcome = (typeof OUTCOMES)[number];

const EVENTS = {
  open: v.object({
    type: v.literal('open'),
    version: v.number('a number'),
    account: text,
    region: text,
    endpoint: text,
  }),
  run: v.object({
    type: v.literal('run'),
    run: text,
    command: text,
    /** Who on which machine. */
    by: text,
    /** ARN of whose credentials they were, as STS told it; journals of before 0.2 say nothing of it. */
    caller: v.optional(text),
  }),
  begin: v.object({
    type: v.literal('begin'),
    run: text,
    step: text,
    action: v.picklist(['create', 'update', 'delete'], 'one of create, update, delete'),
    resource: resourceRef,
    /** What is asked for, as far as it is needed to understand the step later. */
    input: v.optional(v.record(text, v.unknown())),
  }),
  end: v.object({
    type: v.literal('end'),
    step: text,
    outcome: v.picklist(OUTCOMES, `one of ${OUTCOMES.join(', ')}`),
    error: v.optional(text),
    recovered: v.optional(v.boolean('true or false')),
  }),
} as const;

/**
 * One line of a journal. A step is begun on disk before AWS is called and ended after; a begun step without an end is
 * a question that `resolveOpenSteps` asks AWS.
 */
export type JournalEvent =
  | v.InferOutput<(typeof EVENTS)[keyof typeof EVENTS]>
  /** Something to remember that is not a resource: how an update ended, a verdict. */
  | FactEvent;

type FactEvent = JournalFact & { type: 'fact'; run: string };

/** A line that a newer version wrote: it is kept, and means nothing here. */
interface UnknownEvent {
  type: 'unknown';
  content: Readonly<Record<string, unknown>>;
}

/** An event as it lies on disk; `at` is ISO 8601. */
export type Recorded = (JournalEvent | UnknownEvent) & { at: string };

const stamp = v.pipe(
  v.string('a time'),
  v.check((at) => !Number.isNaN(Date.parse(at)), 'a time'),
);
const line = v.looseObject({ type: text, at: stamp }, 'a JSON object');
const factLine = v.object({ run: text, name: text, value: v.unknown() });

/** The event on one line of a journal, or what is wrong with it: the end of a sentence. */
export function parseEvent(content: unknown): { event: Recorded } | { wrong: string } {
  const general = v.safeParse(line, content);
  if (!general.success) return { wrong: mistakes(general.issues) };
  const { type, at } = general.output;
  if (type === 'fact') return parseFact(general.output, at);
  if (!Object.hasOwn(EVENTS, type)) return { event: { type: 'unknown', content: general.output, at } };
  const parsed = v.safeParse(EVENTS[type as keyof typeof EVENTS], content);
  return parsed.success ? { event: { ...parsed.output, at } } : { wrong: mistakes(parsed.issues) };
}

function parseFact(content: Readonly<Record<string, unknown>>, at: string): { event: Recorded } | { wrong: string } {
  const general = v.safeParse(factLine, content);
  if (!general.success) return { wrong: mistakes(general.issues) };
  const { run, name, value } = general.output;
  if (!isFactName(name)) return { event: { type: 'unknown', content, at } };
  const parsed = v.safeParse(FACTS[name], value);
  if (!parsed.success) return { wrong: `in the fact "${name}", ${mistakes(parsed.issues)}` };
  // The schema that checked the value is the one of this very name.
  return { event: { type: 'fact', run, name, value: parsed.output, at } as FactEvent & { at: string } };
}
