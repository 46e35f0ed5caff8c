import {
  orNothing,
  gone,
  json,
  number,
  pick,
  type Properties,
  type ResourceType,
  tagList,
  text,
  type TypeContext,
} from '../type.ts';

type Inline = { PolicyName: string; PolicyDocument: unknown };

export const role: ResourceType = {
  named: 'RoleName',
  required: ['AssumeRolePolicyDocument'],
  properties: [
    'AssumeRolePolicyDocument',
    'Description',
    'ManagedPolicyArns',
    'MaxSessionDuration',
    'Path',
    'Policies',
    'RoleName',
    'Tags',
  ],
  replacing: ['RoleName', 'Path'],
  attributes: ['Arn', 'RoleId'],
  async create(context, properties) {
    const RoleName = text(properties.RoleName ?? context.name(64));
    const { Role } = (await context.call('iam', 'CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: json(properties.AssumeRolePolicyDocument),
      ...pick(properties, ['Path', 'Description']),
      ...(properties.MaxSessionDuration !== undefined && { MaxSessionDuration: number(properties.MaxSessionDuration) }),
      Tags: orNothing(tagList(context, properties.Tags)),
    })) as { Role?: { Arn?: string; RoleId?: string } };
    context.begun(RoleName);
    await give(context, RoleName, properties, {});
    return { physicalId: RoleName, attributes: { Arn: text(Role?.Arn), RoleId: text(Role?.RoleId) } };
  },
  async update(context, RoleName, after, before) {
    if (json(after.AssumeRolePolicyDocument) !== json(before.AssumeRolePolicyDocument))
      await context.call('iam', 'UpdateAssumeRolePolicy', {
        RoleName,
        PolicyDocument: json(after.AssumeRolePolicyDocument),
      });
    if (after.Description !== before.Description || after.MaxSessionDuration !== before.MaxSessionDuration)
      await context.call('iam', 'UpdateRole', {
        RoleName,
        Description: text(after.Description),
        MaxSessionDuration: number(after.MaxSessionDuration ?? 3600),
      });
    await give(context, RoleName, after, before);
    return { more: false };
  },
  /** Its own policies first: IAM deletes no role that has any. What others gave it is not the stack's to take. */
  async remove(context, RoleName, properties) {
    await give(context, RoleName, {}, properties);
    await gone(context.call('iam', 'DeleteRole', { RoleName }));
  },
};

async function give(context: TypeContext, RoleName: string, after: Properties, before: Properties): Promise<void> {
  const [policies, were] = [(after.Policies ?? []) as Inline[], (before.Policies ?? []) as Inline[]];
  for (const { PolicyName, PolicyDocument } of policies)
    await context.call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument: json(PolicyDocument) });
  for (const { PolicyName } of were)
    if (!policies.some((one) => one.PolicyName === PolicyName))
      await gone(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }));
  const [arns, had] = [(after.ManagedPolicyArns ?? []) as string[], (before.ManagedPolicyArns ?? []) as string[]];
  for (const PolicyArn of arns) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  for (const PolicyArn of had)
    if (!arns.includes(PolicyArn)) await gone(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }));
}
