import type {
  AttachedPolicy,
  GetRolePolicyResponse,
  ListAttachedRolePoliciesResponse,
  ListRolePoliciesResponse,
  ListRoleTagsResponse,
  PutRolePolicyCommandInput,
  Tag,
} from '@aws-sdk/client-iam';
import { readDocument, UnbuiltPolicy } from '../../iam/document.ts';
import { AwsError } from '../../model/aws-error.ts';
import { changeRole, MANAGED_POLICIES, managedName, roleNamed, type RoleRecord } from '../../world/roles.ts';
import type { Context } from '../operation.ts';
import { isJson } from '../is-json.ts';
import { roleNotFound } from './errors.ts';
import { tagsOf, tagsWithout } from '../tags.ts';

// What a role may do, by policies of its own and by those that are attached to it; and its tags.

type Named = { RoleName?: string | undefined };

export const rolePolicyOperations = {
  PutRolePolicy(context: Context, input: PutRolePolicyCommandInput) {
    const role = known(context, input);
    const { PolicyName: name = '', PolicyDocument: text = '' } = input;
    checkPolicy(text, `the policy ${name} of ${role.name}`);
    change(context, { ...role, policies: { ...role.policies, [name]: text } });
    return {};
  },

  GetRolePolicy(context: Context, input: Named & { PolicyName?: string }): GetRolePolicyResponse {
    const role = known(context, input);
    const name = input.PolicyName ?? '';
    const text = role.policies?.[name];
    if (text === undefined) throw policyNotFound(name);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(text) };
  },

  DeleteRolePolicy(context: Context, input: Named & { PolicyName?: string }) {
    const role = known(context, input);
    const { [input.PolicyName ?? '']: gone, ...policies } = role.policies ?? {};
    if (gone === undefined) throw policyNotFound(input.PolicyName ?? '');
    change(context, { ...role, policies });
    return {};
  },

  ListRolePolicies(context: Context, input: Named): ListRolePoliciesResponse {
    return { PolicyNames: Object.keys(known(context, input).policies ?? {}).sort(), IsTruncated: false };
  },

  AttachRolePolicy(context: Context, input: Named & { PolicyArn?: string }) {
    const role = known(context, input);
    const arn = input.PolicyArn ?? '';
    if (MANAGED_POLICIES[managedName(arn)] === undefined)
      throw new AwsError(
        'NotImplemented',
        `The emulator has not built the managed policy ${arn}: it knows ${Object.keys(MANAGED_POLICIES).join(', ')}. Give the role the same as an inline policy.`,
        { status: 501 },
      );
    change(context, { ...role, attached: [...new Set([...(role.attached ?? []), arn])] });
    return {};
  },

  DetachRolePolicy(context: Context, input: Named & { PolicyArn?: string }) {
    const role = known(context, input);
    const attached = role.attached ?? [];
    if (!attached.includes(input.PolicyArn ?? ''))
      throw new AwsError('NoSuchEntityException', `Policy ${input.PolicyArn} was not found.`, { status: 404 });
    change(context, { ...role, attached: attached.filter((one) => one !== input.PolicyArn) });
    return {};
  },

  ListAttachedRolePolicies(context: Context, input: Named): ListAttachedRolePoliciesResponse {
    const attached = (known(context, input).attached ?? []).map(
      (arn): AttachedPolicy => ({ PolicyArn: arn, PolicyName: arn.slice(arn.lastIndexOf('/') + 1) }),
    );
    return { AttachedPolicies: attached, IsTruncated: false };
  },

  TagRole(context: Context, input: Named & { Tags?: Tag[] }) {
    const role = known(context, input);
    change(context, { ...role, tags: { ...role.tags, ...tagsOf(input.Tags) } });
    return {};
  },

  UntagRole(context: Context, input: Named & { TagKeys?: string[] }) {
    const role = known(context, input);
    change(context, { ...role, tags: tagsWithout(role.tags, input.TagKeys) });
    return {};
  },

  ListRoleTags(context: Context, input: Named): ListRoleTagsResponse {
    return { Tags: tagList(known(context, input).tags), IsTruncated: false };
  },

  UpdateAssumeRolePolicy(context: Context, input: Named & { PolicyDocument?: string }) {
    const role = known(context, input);
    change(context, { ...role, trust: trustOf(input.PolicyDocument ?? '') });
    return {};
  },

  UpdateRole(context: Context, input: Named & { Description?: string; MaxSessionDuration?: number }) {
    const role = known(context, input);
    change(context, {
      ...role,
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.MaxSessionDuration !== undefined && { maxSessionSeconds: input.MaxSessionDuration }),
    });
    return {};
  },
};

/** Tags as IAM lists them. */
export function tagList(tags: Readonly<Record<string, string>> | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

/** A trust policy: JSON, which is read when somebody wants to take the role. @throws AwsError */
export function trustOf(text: string): string {
  if (isJson(text)) return text;
  throw new AwsError('MalformedPolicyDocumentException', 'This policy contains invalid Json');
}

function known(context: Context, { RoleName = '' }: Named): RoleRecord {
  const role = roleNamed(context.world, context, RoleName);
  if (role === undefined) throw roleNotFound(RoleName);
  return role;
}

/** A role that has policies is one of which is known what it may do, also where nobody created it here. */
function change(context: Context, role: RoleRecord): void {
  const has = Object.keys(role.policies ?? {}).length + (role.attached ?? []).length > 0;
  changeRole(context.world, context.account, has ? { ...role, created: true } : role);
}

function policyNotFound(name: string): AwsError {
  return new AwsError('NoSuchEntityException', `The role policy with name ${name} cannot be found.`, { status: 404 });
}

/** A policy that the emulator cannot evaluate is refused by name: what it let through would not be what AWS lets through. */
function checkPolicy(text: string, from: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AwsError('MalformedPolicyDocumentException', 'Syntax errors in policy.');
  }
  try {
    readDocument(value, from);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof UnbuiltPolicy) throw new AwsError('NotImplemented', message, { status: 501 });
    throw new AwsError('MalformedPolicyDocumentException', message);
  }
}
