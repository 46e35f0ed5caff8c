import { globMatches, resourceMatches } from './match.ts';

/** What is known of a request, by condition key in lower case. A key that is missing is not part of the request. */
export type RequestKeys = ReadonlyMap<string, readonly string[]>;

type Compare = (wanted: string, given: string) => boolean;

const same: Compare = (wanted, given) => wanted === given;
const sameIgnoringCase: Compare = (wanted, given) => wanted.toLowerCase() === given.toLowerCase();
const like: Compare = (wanted, given) => globMatches(wanted, given);

/** The operators that are built; each with whether it is one of "Not". */
const OPERATORS: Readonly<Record<string, { compare: Compare; not: boolean }>> = {
  StringEquals: { compare: same, not: false },
  StringNotEquals: { compare: same, not: true },
  StringEqualsIgnoreCase: { compare: sameIgnoringCase, not: false },
  StringNotEqualsIgnoreCase: { compare: sameIgnoringCase, not: true },
  StringLike: { compare: like, not: false },
  StringNotLike: { compare: like, not: true },
  ArnEquals: { compare: resourceMatches, not: false },
  ArnLike: { compare: resourceMatches, not: false },
  ArnNotEquals: { compare: resourceMatches, not: true },
  ArnNotLike: { compare: resourceMatches, not: true },
  Bool: { compare: sameIgnoringCase, not: false },
};

interface Operator {
  compare: Compare;
  not: boolean;
  /** `ForAllValues:` or `ForAnyValue:`. */
  quantifier: string | undefined;
  ifExists: boolean;
}

/** Reads the name of an operator; undefined for one that is not built. `Null` is none of these. */
function readOperator(name: string): Operator | undefined {
  const parts = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name);
  const operator = OPERATORS[parts?.[2] ?? ''];
  return operator && { ...operator, quantifier: parts?.[1], ifExists: parts?.[3] !== undefined };
}

/** Is an operator of conditions built? */
export function knowsOperator(name: string): boolean {
  return name === 'Null' || readOperator(name) !== undefined;
}

/** Does one line of a Condition hold: an operator, a key, and the values that it may have? */
export function conditionHolds(
  name: string,
  key: string,
  wanted: readonly (string | undefined)[],
  request: RequestKeys,
): boolean {
  const given = request.get(key.toLowerCase());
  if (name === 'Null') return wanted.includes(given === undefined ? 'true' : 'false');
  const operator = readOperator(name);
  if (operator === undefined) return false;
  const { compare, not, quantifier, ifExists } = operator;
  if (given === undefined) return ifExists || quantifier === 'ForAllValues' || (not && quantifier === undefined);
  const fits = (value: string) => wanted.some((one) => one !== undefined && compare(one, value)) !== not;
  return quantifier === 'ForAllValues' || (quantifier === undefined && not) ? given.every(fits) : given.some(fits);
}
