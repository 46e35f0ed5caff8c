import type { BusEvent, RuleTarget } from './records.ts';

/**
 * What a target gets of an event: the event itself, a part of it, a text of the rule's own, or a template that is filled
 * with parts of it (EventBridge User Guide, "Transforming Amazon EventBridge target input"). JSON.
 */
export function inputOf(target: RuleTarget, event: BusEvent, ruleArn: string): string {
  if (target.input !== undefined) return target.input;
  if (target.inputPath !== undefined) return JSON.stringify(partOf(event, target.inputPath) ?? null);
  if (target.transformer === undefined) return JSON.stringify(event);
  const { paths, template } = target.transformer;
  const values: Record<string, unknown> = {
    'aws.events.rule-arn': ruleArn,
    'aws.events.rule-name': ruleArn.slice(ruleArn.lastIndexOf('/') + 1),
    'aws.events.event.ingestion-time': event.time,
    'aws.events.event': { ...event, detail: undefined },
    'aws.events.event.json': event,
  };
  for (const [name, path] of Object.entries(paths)) values[name] = partOf(event, path);
  return fill(template, values);
}

/** Fills `<name>` in a template: as text within quotes, as JSON elsewhere. What the event does not have is left out. */
function fill(template: string, values: Record<string, unknown>): string {
  let quoted = false;
  let filled = '';
  for (const part of template.matchAll(/\\.|"|<([\w.-]+)>|[^"<\\]+|</g)) {
    const [all, name] = part;
    if (all === '"') quoted = !quoted;
    if (name === undefined || !Object.hasOwn(values, name)) {
      filled += all;
      continue;
    }
    const value = values[name];
    if (!quoted) filled += JSON.stringify(value ?? null);
    else if (typeof value === 'string') filled += JSON.stringify(value).slice(1, -1);
    else filled += value === undefined ? '' : JSON.stringify(JSON.stringify(value)).slice(1, -1);
  }
  return filled.trim();
}

/** The part of an event at a path as `$.detail.bucket.name`; undefined where there is none. */
function partOf(event: BusEvent, path: string): unknown {
  return path
    .replace(/^\$\.?/, '')
    .split('.')
    .filter((one) => one !== '')
    .reduce<unknown>((value, step) => {
      const [, name = '', index] = /^([^[]*)(?:\[(\d+)\])?$/.exec(step) ?? [];
      const inner = name === '' ? value : (value as Record<string, unknown> | undefined)?.[name];
      return index === undefined ? inner : (inner as unknown[] | undefined)?.[Number(index)];
    }, event);
}
