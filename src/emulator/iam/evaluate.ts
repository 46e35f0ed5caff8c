import { conditionHolds, type RequestKeys } from './condition.ts';
import { actionMatches, type Document, type Statement } from './document.ts';
import { resourceMatches } from './match.ts';

/** A kind of policy, in AWS's words. */
export type PolicyKind = 'service control policy' | 'permissions boundary' | 'identity-based policy';

/** The policies that apply to one caller. A kind of which there is none limits nothing. */
export type Policies = Readonly<Partial<Record<PolicyKind, readonly Document[]>>>;

/** One question: may this be done to that? */
export interface Question {
  /** `sagemaker:CreateModel` */
  action: string;
  /** An ARN, or `*` for an action that has no resource. */
  resource: string;
  keys: RequestKeys;
}

/** Why something may not be done: because a policy denies it, or because none of a kind allows it. */
export interface Denial {
  by: PolicyKind;
  explicit: boolean;
}

/** In the order in which AWS evaluates them. */
const KINDS: readonly PolicyKind[] = ['service control policy', 'permissions boundary', 'identity-based policy'];

/**
 * IAM's evaluation within an account: a denial anywhere decides; else every kind of policy that there is must allow it
 * (IAM User Guide, "Policy evaluation logic"). Undefined where it is allowed.
 */
export function denialOf(policies: Policies, question: Question): Denial | undefined {
  const applying = KINDS.flatMap((by) => (policies[by] === undefined ? [] : [{ by, statements: policies[by].flat() }]));
  for (const { by, statements } of applying)
    if (statements.some((one) => one.effect === 'Deny' && applies(one, question))) return { by, explicit: true };
  for (const { by, statements } of applying)
    if (!statements.some((one) => one.effect === 'Allow' && applies(one, question))) return { by, explicit: false };
  return undefined;
}

function applies({ actions, resources, conditions }: Statement, { action, resource, keys }: Question): boolean {
  if (!actionMatches(actions, action)) return false;
  const patterns = resources.patterns.map((one) => filledIn(one, keys));
  const matched = patterns.some((one) => one !== undefined && resourceMatches(one, resource));
  if (matched === resources.not) return false;
  return conditions.every(({ operator, key, values }) =>
    conditionHolds(
      operator,
      key,
      values.map((one) => filledIn(one, keys)),
      keys,
    ),
  );
}

/** With the policy's variables replaced; undefined where the request has none of that name: then nothing matches. */
function filledIn(text: string, keys: RequestKeys): string | undefined {
  let known = true;
  const filled = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (/^[*?$]$/.test(name)) return name;
    const value = keys.get(name.toLowerCase())?.[0];
    known &&= value !== undefined;
    return value ?? '';
  });
  return known ? filled : undefined;
}
