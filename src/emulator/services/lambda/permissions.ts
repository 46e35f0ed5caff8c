import type { AddPermissionCommandInput, GetPolicyResponse } from '@aws-sdk/client-lambda';
import type { ResourceStatement } from '../../iam/resource-policy.ts';
import type { Context } from '../operation.ts';
import { functionNamed, keep } from './configuration.ts';
import { conflict, invalidParameter, notBuilt, nothingThere } from './errors.ts';

// Who may invoke a function besides those whom IAM lets: its resource policy, a statement at a time.

export const permissionOperations = {
  AddPermission(context: Context, input: AddPermissionCommandInput): { Statement: string } {
    const record = functionNamed(context, input);
    const { StatementId: id = '', Action = '', Principal: principal = '' } = input;
    if (input.RevisionId !== undefined) throw notBuilt('RevisionId of AddPermission');
    if (input.EventSourceToken !== undefined) throw notBuilt('tokens of event sources (EventSourceToken)');
    if (record.policy.some(({ Sid }) => Sid === id))
      throw conflict(
        `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    if (input.FunctionUrlAuthType !== undefined && Action !== 'lambda:InvokeFunctionUrl')
      throw invalidParameter('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action');
    const arnLike = input.SourceArn === undefined ? undefined : { 'AWS:SourceArn': input.SourceArn };
    const equals = {
      ...(input.SourceAccount !== undefined && { 'AWS:SourceAccount': input.SourceAccount }),
      ...(input.FunctionUrlAuthType !== undefined && { 'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType }),
      ...(input.PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
    };
    const viaUrl = input.InvokedViaFunctionUrl;
    const Condition: NonNullable<ResourceStatement['Condition']> = {
      ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
      ...(viaUrl !== undefined && { Bool: { 'lambda:InvokedViaFunctionUrl': String(viaUrl) } }),
      ...(arnLike !== undefined && { ArnLike: arnLike }),
    };
    const statement: ResourceStatement = {
      Sid: id,
      Effect: 'Allow',
      Principal: principalOf(principal),
      Action,
      Resource: record.arn,
      ...(Object.keys(Condition).length > 0 && { Condition }),
    };
    keep(context, { ...record, policy: [...record.policy, statement], policyRevision: context.world.random.uuid() });
    return { Statement: JSON.stringify(statement) };
  },

  RemovePermission(
    context: Context,
    input: { FunctionName?: string; StatementId?: string; Qualifier?: string; RevisionId?: string },
  ) {
    if (input.RevisionId !== undefined) throw notBuilt('RevisionId of RemovePermission');
    const record = functionNamed(context, input);
    if (!record.policy.some(({ Sid }) => Sid === input.StatementId))
      throw nothingThere(`Statement ${input.StatementId} is not found in resource policy.`);
    const policy = record.policy.filter(({ Sid }) => Sid !== input.StatementId);
    keep(context, { ...record, policy, policyRevision: context.world.random.uuid() });
    return {};
  },

  GetPolicy(context: Context, input: { FunctionName?: string; Qualifier?: string }): GetPolicyResponse {
    const { policy, policyRevision } = functionNamed(context, input);
    if (policy.length === 0) throw nothingThere();
    return {
      Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy }),
      RevisionId: policyRevision,
    };
  },
};

function principalOf(principal: string): unknown {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  return principal.startsWith('arn:') ? { AWS: principal } : { Service: principal };
}
