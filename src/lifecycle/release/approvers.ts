/** An identity as STS tells it, or as people write it down. */
interface Identity {
  account: string;
  kind: 'user' | 'role' | 'root';
  /** Without its path, which STS does not tell of a role's session. */
  name: string;
  /** Of a session of a role. */
  session: string | undefined;
}

function identityOf(arn: string): Identity | undefined {
  const [, account, user] = /^arn:aws[a-z-]*:iam::(\d{12}):user\/(.+)$/.exec(arn) ?? [];
  if (account !== undefined && user !== undefined)
    return { account, kind: 'user', name: base(user), session: undefined };
  const [, whose] = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(arn) ?? [];
  if (whose !== undefined) return { account: whose, kind: 'root', name: 'root', session: undefined };
  const [, owner, role] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(arn) ?? [];
  if (owner !== undefined && role !== undefined)
    return { account: owner, kind: 'role', name: base(role), session: undefined };
  const [, of, assumed, session] = /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/.exec(arn) ?? [];
  if (of === undefined || assumed === undefined) return undefined;
  return { account: of, kind: 'role', name: assumed, session };
}

function base(path: string): string {
  return path.split('/').at(-1) ?? path;
}

/**
 * Does the list name this caller? A role stands for every session of it, a session for itself, a user for themselves.
 * @param caller the ARN that STS tells
 */
export function isNamed(approvers: readonly string[], caller: string): boolean {
  const who = identityOf(caller);
  if (who === undefined) return false;
  return approvers.some((approver) => {
    const one = identityOf(approver);
    if (one === undefined || one.account !== who.account || one.kind !== who.kind || one.name !== who.name)
      return false;
    return one.session === undefined || one.session === who.session;
  });
}

/**
 * May these two callers be one person? Who takes up a role names the session as they like, so that all of a role's sessions may;
 * and of whoever is neither user nor role (a federated user), nobody can tell.
 * @param one an ARN that STS tells; so is the other
 */
export function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [identityOf(one), identityOf(other)];
  if (a === undefined || b === undefined) return accountOf(one) === accountOf(other);
  return a.account === b.account && a.kind === b.kind && a.name === b.name;
}

function accountOf(arn: string): string | undefined {
  return arn.split(':')[4];
}
