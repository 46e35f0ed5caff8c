import { conditionHolds, knowsOperator, type RequestKeys } from './condition.ts';
import { globMatches, resourceMatches } from './match.ts';

/** A statement of a policy that a resource has (a function, a queue, a topic), as IAM writes it. */
export interface ResourceStatement {
  Sid?: string;
  Effect: string;
  Principal?: unknown;
  Action?: string | string[];
  Resource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** Who asks to do what with a resource. */
interface ResourceQuestion {
  /** `events.amazonaws.com`, an account, an ARN of a user or role, or undefined for somebody unknown. */
  principal: string | undefined;
  /** `lambda:InvokeFunction` */
  action: string;
  resource: string;
  keys?: Readonly<Record<string, string>>;
}

/** The statements of a policy that is kept as text; none where there is none. */
export function statementsOf(policy: string | undefined): ResourceStatement[] {
  if (policy === undefined || policy === '') return [];
  try {
    const { Statement } = JSON.parse(policy) as { Statement?: ResourceStatement | ResourceStatement[] };
    return Statement === undefined ? [] : [Statement].flat();
  } catch {
    return [];
  }
}

/**
 * Does a policy of a resource let somebody in? A denial decides. What the emulator does not know of it (an operator, a
 * NotPrincipal) lets nobody in: a statement with it allows nothing, and denies everything.
 */
export function resourceAllows(statements: readonly ResourceStatement[], question: ResourceQuestion): boolean {
  const keys: RequestKeys = new Map(
    Object.entries(question.keys ?? {}).map(([key, value]) => [key.toLowerCase(), [value]]),
  );
  const allows = (one: ResourceStatement) => one.Effect === 'Allow' && isKnown(one) && applies(one, question, keys);
  const denies = (one: ResourceStatement) => one.Effect !== 'Allow' && (!isKnown(one) || applies(one, question, keys));
  return statements.some(allows) && !statements.some(denies);
}

const MEMBERS: readonly string[] = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'];

function isKnown(statement: ResourceStatement): boolean {
  return (
    Object.keys(statement).every((member) => MEMBERS.includes(member)) &&
    Object.keys(statement.Condition ?? {}).every(knowsOperator)
  );
}

function applies(statement: ResourceStatement, question: ResourceQuestion, keys: RequestKeys): boolean {
  const { Action, Resource, Condition = {} } = statement;
  return (
    isPrincipal(statement.Principal, question.principal) &&
    listOf(Action).some((one) => globMatches(one, question.action, true)) &&
    (Resource === undefined || listOf(Resource).some((one) => resourceMatches(one, question.resource))) &&
    Object.entries(Condition).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, values]) => conditionHolds(operator, key, listOf(values), keys)),
    )
  );
}

function isPrincipal(given: unknown, asked: string | undefined): boolean {
  if (given === '*') return true;
  if (typeof given !== 'object' || given === null) return false;
  return Object.values(given)
    .flatMap((one) => listOf(one as string | string[]))
    .some((one) => one === '*' || (asked !== undefined && (one === asked || isAccount(one, asked))));
}

/** An account, by its number or its root, stands for whoever in it. */
function isAccount(given: string, asked: string): boolean {
  const account = /^(?:arn:[^:]*:iam::)?(\d{12})(?::root)?$/.exec(given)?.[1];
  return account !== undefined && (asked === account || asked.split(':')[4] === account);
}

function listOf<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
