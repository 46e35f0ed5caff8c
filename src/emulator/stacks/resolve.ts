import { intrinsicOf, type Template, type TemplateParameter } from './template.ts';
import { TemplateError } from './template-error.ts';
import { text } from './type.ts';

/** What is left out: `Ref: AWS::NoValue`. */
const NO_VALUE = Symbol('AWS::NoValue');

/** What names of a template stand for. */
export interface Scope {
  template: Template;
  /** Values of parameters, lists split. */
  parameters: Readonly<Record<string, string | string[]>>;
  pseudo: Readonly<Record<string, string | string[]>>;
  /** What a resource is referred to by; undefined where it is not there (yet). */
  ref(id: string): string | undefined;
  attribute(id: string, name: string): unknown;
}

/** A value with its intrinsics carried out; what is left out is undefined. @throws TemplateError */
export function resolveValue(value: unknown, scope: Scope): unknown {
  const resolved = resolve(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** Does a condition hold? True where there is none. @throws TemplateError */
export function conditionHolds(name: string | undefined, scope: Scope): boolean {
  if (name === undefined) return true;
  const condition = scope.template.conditions[name];
  if (condition === undefined)
    throw new TemplateError(
      `Template format error: Unresolved condition dependency ${name} in the Conditions block of the template`,
    );
  return isTrue(condition, scope);
}

function isTrue(value: unknown, scope: Scope): boolean {
  const [name, argument] = intrinsicOf(value) ?? [];
  const all = Array.isArray(argument) ? (argument as unknown[]) : [];
  switch (name) {
    case 'Condition':
      return conditionHolds(text(argument), scope);
    case 'Fn::Equals':
      return text(resolve(all[0], scope)) === text(resolve(all[1], scope));
    case 'Fn::Not':
      return !isTrue(all[0], scope);
    case 'Fn::And':
      return all.every((one) => isTrue(one, scope));
    case 'Fn::Or':
      return all.some((one) => isTrue(one, scope));
    default:
      throw new TemplateError(`Template error: ${JSON.stringify(value)} is no condition.`);
  }
}

function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, scope)).filter((one) => one !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const found = intrinsicOf(value);
  if (found === undefined)
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, one]) => [name, resolve(one, scope)] as const)
        .filter(([, one]) => one !== NO_VALUE),
    );
  const [name, argument] = found;
  const all = Array.isArray(argument) ? (argument as unknown[]) : [];
  switch (name) {
    case 'Ref':
      return refTo(text(argument), scope);
    case 'Fn::GetAtt': {
      const [id, attribute] = attributeOf(argument);
      return scope.attribute(id, attribute);
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join':
      return listOf(resolve(all[1], scope), 'Fn::Join').join(text(all[0]));
    case 'Fn::Split':
      return text(resolve(all[1], scope)).split(text(all[0]));
    case 'Fn::Select': {
      const items = listOf(resolve(all[1], scope), 'Fn::Select');
      const item = items[Number(resolve(all[0], scope))];
      if (item === undefined)
        throw new TemplateError(`Template error: Fn::Select cannot select nonexistent value at index ${text(all[0])}`);
      return item;
    }
    case 'Fn::If':
      return resolve(conditionHolds(text(all[0]), scope) ? all[1] : all[2], scope);
    // A property may well be called so.
    case 'Condition':
      return { Condition: argument };
    default:
      return isTrue(value, scope);
  }
}

/** `[id, attribute]`, or `id.attribute`. */
function attributeOf(argument: unknown): [id: string, attribute: string] {
  if (Array.isArray(argument)) return [text(argument[0]), argument.slice(1).join('.')];
  const path = text(argument);
  const dot = path.indexOf('.');
  return [path.slice(0, dot), path.slice(dot + 1)];
}

function refTo(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const known = scope.pseudo[name] ?? scope.parameters[name];
  if (known !== undefined) return known;
  const ref = scope.ref(name);
  if (ref === undefined) throw new TemplateError(`Unresolved dependency ${name}: the resource is not there.`);
  return ref;
}

function substitute(argument: unknown, scope: Scope): string {
  const [template, values] = Array.isArray(argument)
    ? (argument as [string, Record<string, unknown>])
    : [text(argument), {}];
  return template.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(values, name)) return text(resolve(values[name], scope));
    if (!name.includes('.') || name.startsWith('AWS::')) return text(refTo(name, scope));
    const [id, attribute] = attributeOf(name);
    return text(scope.attribute(id, attribute));
  });
}

function listOf(value: unknown, who: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new TemplateError(`Template error: ${who} needs a list, not ${JSON.stringify(value)}.`);
}

/** The names that a value refers to, resources and parameters alike. */
function namesIn(value: unknown): Set<string> {
  const names = new Set<string>();
  const walk = (one: unknown): void => {
    const found = intrinsicOf(one);
    if (found?.[0] === 'Ref') names.add(text(found[1]));
    else if (found?.[0] === 'Fn::GetAtt') names.add(attributeOf(found[1])[0]);
    else if (found?.[0] === 'Fn::Sub') {
      const [template, values] = Array.isArray(found[1]) ? (found[1] as [string, object]) : [text(found[1]), {}];
      for (const [, literal, name = ''] of template.matchAll(/\$\{(!?)([^}]+)\}/g)) {
        if (literal === '!' || Object.hasOwn(values, name)) continue;
        names.add(name.startsWith('AWS::') ? name : (name.split('.')[0] ?? ''));
      }
      walk(values);
    } else if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) walk(inner);
  };
  walk(value);
  return names;
}

/** Resources in the order in which they are made: after those that they refer to or depend on. @throws TemplateError */
export function orderOf(scope: Pick<Scope, 'template' | 'parameters' | 'pseudo'>): string[] {
  const { template } = scope;
  const known = { ref: () => '', attribute: () => '' };
  const there = Object.entries(template.resources).filter(([, { Condition }]) =>
    conditionHolds(Condition, { ...scope, ...known }),
  );
  const ids = new Set(there.map(([id]) => id));
  const waitsFor = new Map(
    there.map(([id, { Properties, DependsOn }]) => [
      id,
      new Set([...namesIn(chosen(Properties, { ...scope, ...known })), ...DependsOn].filter((one) => ids.has(one))),
    ]),
  );
  const order: string[] = [];
  while (order.length < there.length) {
    const next = there.find(
      ([id]) => !order.includes(id) && [...(waitsFor.get(id) ?? [])].every((one) => order.includes(one)),
    );
    if (next === undefined) {
      const rest = [...ids].filter((id) => !order.includes(id));
      throw new TemplateError(`Circular dependency between resources: [${rest.join(', ')}]`);
    }
    order.push(next[0]);
  }
  return order;
}

/** A value with the sides of `Fn::If` chosen, and nothing else carried out. */
function chosen(value: unknown, scope: Scope): unknown {
  const found = intrinsicOf(value);
  if (found?.[0] === 'Fn::If') {
    const [name, yes, no] = found[1] as [string, unknown, unknown];
    return chosen(conditionHolds(name, scope) ? yes : no, scope);
  }
  if (Array.isArray(value)) return value.map((one) => chosen(one, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, chosen(one, scope)]));
}

/** Refuses names that nothing of the template has. @throws TemplateError */
export function checkNames(template: Template, pseudo: Scope['pseudo']): void {
  const known = (name: string) =>
    name === 'AWS::NoValue' || name in pseudo || name in template.parameters || name in template.resources;
  const check = (value: unknown, block: string) => {
    const strange = [...namesIn(value)].filter((name) => !known(name));
    if (strange.length > 0)
      throw new TemplateError(
        `Template format error: Unresolved resource dependencies [${strange.join(', ')}] in the ${block} block of the template`,
      );
  };
  for (const { Properties, DependsOn } of Object.values(template.resources)) {
    check(Properties, 'Resources');
    for (const id of DependsOn) if (!(id in template.resources)) check({ Ref: id }, 'Resources');
  }
  check(template.outputs, 'Outputs');
}

/** Parameters of a template that have been given, or have a default, checked. @throws TemplateError */
export function parametersOf(
  declared: Template['parameters'],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const strange = Object.keys(given).filter((name) => declared[name] === undefined);
  if (strange.length > 0) throw new TemplateError(`Parameters: [${strange.join(', ')}] do not exist in the template`);
  const values = Object.entries(declared).map(([name, one]) => {
    const value = given[name] ?? (one.Default === undefined ? undefined : text(one.Default));
    return [name, one, value] as const;
  });
  const missing = values.filter(([, , value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0) throw new TemplateError(`Parameters: [${missing.join(', ')}] must have values`);
  for (const [name, one, value = ''] of values) checkParameter(name, one, value);
  return Object.fromEntries(values.map(([name, , value = '']) => [name, value]));
}

function checkParameter(name: string, { Type, ...one }: TemplateParameter, value: string): void {
  if (!['String', 'Number', 'CommaDelimitedList', 'List<Number>'].includes(Type))
    throw new TemplateError(`The emulator has not built parameters of the type ${Type}.`, true);
  const refuse = (why: string) =>
    new TemplateError(
      one.ConstraintDescription === undefined
        ? `Parameter '${name}' ${why}`
        : `Parameter ${name} failed to satisfy constraint: ${one.ConstraintDescription}`,
    );
  if (Type === 'Number' && !Number.isFinite(Number(value))) throw refuse('must be a number.');
  if (one.AllowedValues !== undefined && !one.AllowedValues.map(text).includes(value))
    throw refuse(`must be one of AllowedValues`);
  if (one.AllowedPattern !== undefined && !new RegExp(`^(?:${one.AllowedPattern})$`).test(value))
    throw refuse(`must match pattern ${one.AllowedPattern}`);
  if (value.length < (one.MinLength ?? 0)) throw refuse(`must contain at least ${one.MinLength} characters`);
  if (value.length > (one.MaxLength ?? Infinity)) throw refuse(`must contain at most ${one.MaxLength} characters`);
  if (Type === 'Number' && (Number(value) < (one.MinValue ?? -Infinity) || Number(value) > (one.MaxValue ?? Infinity)))
    throw refuse(`must be a number between ${one.MinValue ?? '-∞'} and ${one.MaxValue ?? '∞'}`);
}

/** What parameters stand for: lists are split. */
export function parameterValues(
  declared: Template['parameters'],
  values: Readonly<Record<string, string>>,
): Scope['parameters'] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const isList = /List/.test(declared[name]?.Type ?? '');
      return [name, isList ? value.split(',').map((one) => one.trim()) : value];
    }),
  );
}
