import type { CreateRoleCommandInput, CreateRoleResponse, GetRoleResponse, IAM, Role } from '@aws-sdk/client-iam';
import type { Context, OperationsOf } from '../operation.ts';
import { partitionOf } from '../../world/partition.ts';
import { forgetRole, keepRole, roleInUse, roleNamed, type RoleRecord } from '../../world/roles.ts';
import { deleteConflict, roleExists, roleNotFound } from './errors.ts';
import { rolePolicyOperations, tagList, trustOf } from './role-policies.ts';
import { tagsOf } from '../tags.ts';
import { simulatePrincipalPolicy } from './simulate.ts';

/** IAM: roles with their policies, and what somebody may do by them and by those of `emulator start --iam`. */
export const operations = {
  CreateRole: createRole,
  DeleteRole: deleteRole,
  GetRole: getRole,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  ...rolePolicyOperations,
} satisfies OperationsOf<IAM>;

function getRole(context: Context, input: { RoleName: string }): GetRoleResponse {
  const role = roleNamed(context.world, context, input.RoleName);
  if (role === undefined) throw roleNotFound(input.RoleName);
  return { Role: describe(role) };
}

/** A role that a model names exists without having been created. */
function createRole(context: Context, input: CreateRoleCommandInput): CreateRoleResponse {
  const { world, account, region } = context;
  const { RoleName: name = '', Path: path = '/', AssumeRolePolicyDocument: trust = '', Description } = input;
  if (roleInUse(world, context, name) !== undefined) throw roleExists(name);
  const arn = `arn:${partitionOf(region)}:iam::${account}:role${path}${name}`;
  const made = {
    account,
    name,
    arn,
    trust: trustOf(trust),
    created: true,
    tags: tagsOf(input.Tags),
    ...(input.MaxSessionDuration !== undefined && { maxSessionSeconds: input.MaxSessionDuration }),
    ...(Description !== undefined && { description: Description }),
  };
  return { Role: describe(keepRole(world, made)) };
}

function deleteRole(context: Context, input: { RoleName: string }): Record<string, never> {
  const role = roleNamed(context.world, context, input.RoleName);
  if (role === undefined) throw roleNotFound(input.RoleName);
  // The words are those of AWS's own troubleshooting pages.
  if ((role.attached ?? []).length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (Object.keys(role.policies ?? {}).length > 0)
    throw deleteConflict('Cannot delete entity, must delete policies first.');
  forgetRole(context.world, context.account, role);
  return {};
}

/** AWS writes the policy URL-encoded (API_Role). */
function describe(role: RoleRecord): Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust),
    ...(role.description !== undefined && { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds ?? 3600,
    ...(Object.keys(role.tags ?? {}).length > 0 && { Tags: tagList(role.tags) }),
  };
}
