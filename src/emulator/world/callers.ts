import { type Denial, denialOf, type Policies, type PolicyKind } from '../iam/evaluate.ts';
import type { Document } from '../iam/document.ts';
import type { RequestKeys } from '../iam/condition.ts';
import type { AttachedPolicy } from './attached-policy.ts';
import type { Store } from '../storage/store.ts';
import { accountOf, sessions } from './accounts.ts';
import { partitionOf } from './partition.ts';

/** Whoever signed a request, or a role that SageMaker acts with. */
export interface Principal {
  account: string;
  arn: string;
  userId: string;
  policies: Policies;
}

/** Who may do what, as it was told; where nothing was told, everybody may do everything. */
export interface Iam {
  /** True where any policy is attached: else nothing has to be asked. */
  enforced(): boolean;
  /** Replaces all policies. */
  attach(policies: readonly AttachedPolicy[]): void;
  /** `account` is that of a role, whose own policies count too. */
  policiesOf(who: string, byDefault: boolean, account?: string): Policies;
  /** Actions that callers were asked for, and those that they were denied, since policies were last attached. */
  readonly asked: Set<string>;
  readonly denied: Set<string>;
}

const KINDS: readonly PolicyKind[] = ['service control policy', 'permissions boundary', 'identity-based policy'];

/** @param ofRole what a role that was created may do by its own policies; undefined for any other */
export function createIam(
  initial: readonly AttachedPolicy[],
  ofRole: (account: string, name: string) => readonly Document[] | undefined = () => undefined,
): Iam {
  let attached = initial;
  const asked = new Set<string>();
  const denied = new Set<string>();
  return {
    asked,
    denied,
    enforced: () => attached.length > 0,
    attach(policies) {
      attached = policies;
      asked.clear();
      denied.clear();
    },
    policiesOf(who, byDefault, account) {
      const found: Partial<Record<PolicyKind, Document[]>> = {};
      const ofItsOwn =
        account !== undefined && who.startsWith('role/') ? ofRole(account, who.slice('role/'.length)) : undefined;
      for (const kind of KINDS) {
        const ofKind = attached.filter((one) => one.kind === kind);
        const own = ofKind.filter((one) => one.who === who);
        if (kind === 'identity-based policy' && ofItsOwn !== undefined) {
          found[kind] = [...own.map((one) => one.document), ...ofItsOwn];
          continue;
        }
        const meant = own.length > 0 || !byDefault ? own : ofKind.filter((one) => one.who === undefined);
        if (meant.length > 0) found[kind] = meant.map((one) => one.document);
      }
      return found;
    },
  };
}

interface Known {
  store: Store;
  iam: Iam;
}

/**
 * Who an access key is: the role whose session it belongs to; a user of that name where policies limit it; else the
 * account's root, whom no identity-based policy limits.
 */
export function callerOf(world: Known, accessKeyId: string | undefined, region: string): Principal {
  const session = accessKeyId === undefined ? undefined : sessions(world).get(accessKeyId);
  if (session !== undefined) {
    const role = /:assumed-role\/([^/]+)\//.exec(session.arn)?.[1] ?? '';
    const policies = world.iam.policiesOf(`role/${role}`, true, session.account);
    return { account: session.account, arn: session.arn, userId: session.userId, policies };
  }
  const account = accountOf(world, accessKeyId);
  const partition = partitionOf(region);
  const policies = world.iam.policiesOf(accessKeyId ?? '', true);
  if (policies['identity-based policy'] === undefined && policies['permissions boundary'] === undefined)
    return { account, arn: `arn:${partition}:iam::${account}:root`, userId: account, policies };
  const name = accessKeyId ?? 'anonymous';
  return {
    account,
    arn: `arn:${partition}:iam::${account}:user/${name}`,
    userId: `AIDA${name.toUpperCase()}`,
    policies,
  };
}

/** A service that acts in a role. */
export function inRole(
  { iam }: Pick<Known, 'iam'>,
  { account, region }: { account: string; region: string },
  roleArn: string,
  { session, userId }: { session: string; userId: string },
): Principal {
  const role = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const arn = `arn:${partitionOf(region)}:sts::${account}:assumed-role/${role}/${session}`;
  return { account, arn, userId, policies: iam.policiesOf(`role/${role}`, false, account) };
}

/** Why a role that SageMaker acts with may not do something; undefined where it may, or where nothing limits it. */
export function roleDenial(
  iam: Iam,
  roleArn: string,
  question: { action: string; resource: string; keys?: RequestKeys },
): Denial | undefined {
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return denialOf(iam.policiesOf(`role/${name}`, false, roleArn.split(':')[4]), { keys: new Map(), ...question });
}
