import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** The parts of a role's ARN; undefined for any other text. */
export function roleParts(arn: string): { account: string; name: string } | undefined {
  const [, account, name] = /^arn:[\w-]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  return account === undefined || name === undefined ? undefined : { account, name };
}

/**
 * Does this role exist? IAM finds roles by name alone, and only those of the caller's account: one of that name under
 * another path is another role. Undefined where the ARN is not that of a role.
 * @param arn of a role of the caller's account
 */
export async function roleExists(aws: Aws, arn: string, signal?: AbortSignal): Promise<boolean | undefined> {
  const role = roleParts(arn);
  if (role === undefined) return undefined;
  const { GetRoleCommand } = await import('./sdk/iam.ts');
  const client = await aws.iam();
  try {
    const { Role } = await call(
      aws.target,
      `look up role ${arn}`,
      () => client.send(new GetRoleCommand({ RoleName: role.name }), { abortSignal: signal }),
      `iam:GetRole on ${arn}`,
    );
    // "Names are not distinguished by case" (IAM User Guide, "IAM and AWS STS quotas").
    return Role?.Arn?.toLowerCase() === arn.toLowerCase();
  } catch (error) {
    if (error instanceof AwsProblem && error.code.startsWith('NoSuchEntity')) return false;
    throw error;
  }
}

/**
 * The user or role whose credentials these are, as IAM simulates it; undefined for the account's root and for federated
 * users. A session does not tell its role's path: IAM is asked for it.
 */
export async function principalOf(aws: Aws, signal?: AbortSignal): Promise<string | undefined> {
  const arn = await aws.caller();
  if (arn === undefined) return undefined;
  if (/:iam::\d{12}:user\//.test(arn)) return arn;
  const [, partition, account, RoleName] = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (RoleName === undefined) return undefined;
  const named = `arn:${partition}:iam::${account}:role/${RoleName}`;
  const { GetRoleCommand } = await import('./sdk/iam.ts');
  const client = await aws.iam();
  const { Role } = await call(
    aws.target,
    `look up role ${named}`,
    () => client.send(new GetRoleCommand({ RoleName }), { abortSignal: signal }),
    `iam:GetRole on ${named}`,
  );
  return Role?.Arn ?? named;
}

/** Whether IAM would allow an action. */
export interface Simulated {
  allowed: boolean;
  /** Whose decision it is: `no policy allows it`, `explicit deny`, `the organization`, … */
  by: string;
}

/**
 * What IAM says that a user or a role may do, by action in lower case.
 * @param question.resource an ARN; undefined: any
 */
export async function simulate(
  aws: Aws,
  { principal, actions, resource }: { principal: string; actions: readonly string[]; resource: string | undefined },
  signal?: AbortSignal,
): Promise<Map<string, Simulated>> {
  const { SimulatePrincipalPolicyCommand } = await import('./sdk/iam.ts');
  const client = await aws.iam();
  const send = (Marker: string | undefined) =>
    call(
      aws.target,
      `simulate the permissions of ${principal}`,
      () =>
        client.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: principal,
            ActionNames: [...actions],
            ...(resource !== undefined && { ResourceArns: [resource] }),
            // Policies permit roles to be passed to a service by name.
            ContextEntries: [
              {
                ContextKeyName: 'iam:PassedToService',
                ContextKeyType: 'string',
                ContextKeyValues: ['sagemaker.amazonaws.com'],
              },
            ],
            Marker,
          }),
          { abortSignal: signal },
        ),
      `iam:SimulatePrincipalPolicy on ${principal}`,
    );
  const found = new Map<string, Simulated>();
  for await (const page of pages(send, (one) => (one.IsTruncated === true ? one.Marker : undefined)))
    for (const result of page.EvaluationResults ?? []) {
      const by =
        result.OrganizationsDecisionDetail?.AllowedByOrganizations === false
          ? 'by the organization'
          : result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false
            ? 'by the permissions boundary'
            : result.EvalDecision === 'explicitDeny'
              ? 'explicitly'
              : 'no policy allows it';
      found.set((result.EvalActionName ?? '').toLowerCase(), { allowed: result.EvalDecision === 'allowed', by });
    }
  return found;
}
