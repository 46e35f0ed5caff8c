import { Problem, usageError } from '../../base/errors.ts';
import { knowsOperator } from './condition.ts';
import { globMatches } from './match.ts';
import { ACTIONS, factsOf } from './reference.ts';
import { isObject } from '../../base/json.ts';

/** A statement of a policy, its single values made lists. */
export interface Statement {
  effect: 'Allow' | 'Deny';
  /** Patterns of actions; `not` for NotAction. */
  actions: { not: boolean; patterns: readonly string[] };
  /** Patterns of ARNs; `not` for NotResource. */
  resources: { not: boolean; patterns: readonly string[] };
  conditions: readonly { operator: string; key: string; values: readonly string[] }[];
}

/** A policy says what IAM knows and the emulator cannot evaluate. */
export class UnbuiltPolicy extends Problem {
  constructor(message: string, next: string) {
    super('usage', message, { next });
  }
}

/** A policy of IAM that has been read. */
export type Document = readonly Statement[];

/** Keys that the emulator can say of any request. */
const GLOBAL_KEYS = [
  'aws:principalaccount',
  'aws:principalarn',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:username',
];

/**
 * Reads a policy as IAM does, and refuses by name what is not built here: an emulator that took an operator for met, or
 * a key for absent, would permit or deny what AWS does not.
 * @param from where it comes from, for refusals: `policy.json`
 * @throws Problem (usage) where it is no policy; UnbuiltPolicy where it uses an operator or a key that is not built
 */
export function readDocument(value: unknown, from: string): Document {
  const wrong = (what: string) =>
    usageError(`${from} is not a policy of IAM: ${what}.`, 'Give the JSON that IAM shows.');
  if (!isObject(value)) throw wrong('it is no object');
  const { Version, Statement: statements, ...rest } = value;
  const strange = Object.keys(rest).find((key) => key !== 'Id');
  if (strange !== undefined) throw wrong(`it has "${strange}"`);
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17')
    throw wrong(`its Version is ${JSON.stringify(Version)}`);
  if (statements === undefined) throw wrong('it has no Statement');
  return listOf(statements).map((one, index) => readStatement(one, `statement ${index + 1}`, wrong, from));
}

function readStatement(value: unknown, where: string, wrong: (what: string) => Error, from: string): Statement {
  if (!isObject(value)) throw wrong(`${where} is no object`);
  const { Sid: _, Effect, Action, NotAction, Resource, NotResource, Condition, ...rest } = value;
  const [strange] = Object.keys(rest);
  if (strange !== undefined) throw wrong(`${where} has "${strange}"`);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw wrong(`the Effect of ${where} is ${JSON.stringify(Effect)}`);
  const oneOf = (name: string, positive: unknown, negative: unknown) => {
    if ((positive === undefined) === (negative === undefined))
      throw wrong(`${where} needs ${name} or Not${name}, and not both`);
    const patterns = listOf(positive ?? negative);
    if (!patterns.every((one) => typeof one === 'string')) throw wrong(`the ${name} of ${where} is no text`);
    return { not: positive === undefined, patterns };
  };
  const statement: Statement = {
    effect: Effect,
    actions: oneOf('Action', Action, NotAction),
    resources: oneOf('Resource', Resource, NotResource),
    conditions: readConditions(Condition, where, wrong),
  };
  refuseUnbuilt(statement, where, from);
  return statement;
}

function readConditions(value: unknown, where: string, wrong: (what: string) => Error): Statement['conditions'] {
  if (value === undefined) return [];
  if (!isObject(value)) throw wrong(`the Condition of ${where} is no object`);
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw wrong(`${operator} of ${where} is no object`);
    return Object.entries(keys).map(([key, values]) => ({ operator, key, values: listOf(values).map(String) }));
  });
}

/** What a statement says of actions that no operation of the emulator needs may be anything. */
function refuseUnbuilt({ actions, resources, conditions }: Statement, where: string, from: string): void {
  const touched = ACTIONS.filter((action) => actionMatches(actions, action));
  if (touched.length === 0) return;
  for (const { operator } of conditions)
    if (!knowsOperator(operator))
      throw new UnbuiltPolicy(
        `${from}: ${where} has the condition operator ${operator}, which the emulator has not built.`,
        'Leave the statement out, or say it with StringEquals, StringLike, ArnLike, Bool or Null.',
      );
  const variables = [...resources.patterns, ...conditions.flatMap(({ values }) => values)].flatMap(variablesOf);
  for (const key of [...conditions.map((one) => one.key), ...variables])
    if (!touched.every((action) => knowsKey(action, key)))
      throw new UnbuiltPolicy(
        `${from}: ${where} has the condition key ${key}, which the emulator has not built.`,
        'Leave the statement out, or say it with other keys.',
      );
}

/** Can the emulator say what the key is in a request for this action, be it that the request has none? */
function knowsKey(action: string, key: string): boolean {
  const asked = key.toLowerCase();
  if (GLOBAL_KEYS.includes(asked)) return true;
  const named =
    factsOf(action)?.keys?.some((one) => globMatches(one.replace(/\$\{\w+\}|<\w+>/, '*'), key, true)) ?? false;
  // A service's own key that AWS does not have for the action is not part of the request.
  if (!named) return !asked.startsWith('aws:') || REQUEST_TAGS.test(asked);
  return BUILT_KEYS.some((one) => globMatches(one, asked));
}

const REQUEST_TAGS = /^aws:(?:requesttag\/|tagkeys$|resourcetag\/)/;

/** Keys that AWS has for some actions, and the emulator can say (`gateway/authorization/required.ts`). */
const BUILT_KEYS = [
  'aws:requesttag/*',
  'aws:resourcetag/*',
  'aws:tagkeys',
  'iam:passedtoservice',
  's3:existingobjecttag/*',
  's3:prefix',
  's3:resourceaccount',
  'sagemaker:instancetypes',
  'sagemaker:modelarn',
  'sagemaker:resourcetag/*',
  'sagemaker:taggingaction',
];

/** The keys in `${aws:username}` and the like. */
function variablesOf(text: string): string[] {
  return [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, name = '']) => name).filter((name) => !/^[*?$]$/.test(name));
}

/** Does an Action or NotAction cover an action? */
export function actionMatches({ not, patterns }: Statement['actions'], action: string): boolean {
  return patterns.some((one) => globMatches(one, action, true)) !== not;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
