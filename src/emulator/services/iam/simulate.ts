import type {
  EvaluationResult,
  SimulatePrincipalPolicyCommandInput,
  SimulatePolicyResponse,
} from '@aws-sdk/client-iam';
import { denialOf, type Policies } from '../../iam/evaluate.ts';
import { modelsOf } from '../../world/endpoints/records.ts';
import { AwsError } from '../../model/aws-error.ts';
import type { Context } from '../operation.ts';

const PRINCIPAL = /^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/(?:.*\/)?([^/]+)$/;

/** What a user or a role may do, by the policies that the emulator was given; each action on each resource by itself. */
export function simulatePrincipalPolicy(
  context: Context,
  input: SimulatePrincipalPolicyCommandInput,
): SimulatePolicyResponse {
  if (
    input.PolicyInputList !== undefined ||
    input.PermissionsBoundaryPolicyInputList !== undefined ||
    input.ResourcePolicy !== undefined
  )
    throw new AwsError('NotImplemented', 'The emulator simulates no policies that come with the request.', {
      status: 501,
    });
  const policies = policiesOf(context, input.PolicySourceArn ?? '');
  const keys = new Map(
    (input.ContextEntries ?? []).map(({ ContextKeyName = '', ContextKeyValues = [] }) => [
      ContextKeyName.toLowerCase(),
      ContextKeyValues,
    ]),
  );
  const results = (input.ActionNames ?? []).flatMap((action) =>
    (input.ResourceArns ?? ['*']).map((resource): EvaluationResult => {
      const denial = denialOf(policies, { action, resource, keys });
      return {
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: denial === undefined ? 'allowed' : denial.explicit ? 'explicitDeny' : 'implicitDeny',
        ...(policies['service control policy'] !== undefined && {
          OrganizationsDecisionDetail: { AllowedByOrganizations: denial?.by !== 'service control policy' },
        }),
        ...(policies['permissions boundary'] !== undefined && {
          PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: denial?.by !== 'permissions boundary' },
        }),
      };
    }),
  );
  return { EvaluationResults: results, IsTruncated: false };
}

/** A role that models run with is limited by its own policy alone (`emulator start --iam`). */
function policiesOf({ world, account }: Context, arn: string): Policies {
  const [, kind, name = ''] = PRINCIPAL.exec(arn) ?? [];
  if (kind === undefined)
    throw new AwsError(
      'InvalidInputException',
      `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
    );
  if (kind === 'user') return world.iam.policiesOf(name, true);
  const runsModels = modelsOf(world.store)
    .entries(`${account}/`)
    .some(([, { roleArn }]) => roleArn === arn);
  return world.iam.policiesOf(`role/${name}`, !runsModels, account);
}
