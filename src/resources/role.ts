import { usage } from '../base/errors.ts';

/**
 * The role SageMaker is to run a model with: the flag's, else shadowctl.yaml's, else the environment's, else `live`,
 * the one the endpoint's present model runs with.
 * @throws Problem (usage) where there is none, or it is not the ARN of a role
 */
export function chooseRole(sources: {
  flag: string | undefined;
  project: string | undefined;
  env: string | undefined;
  live?: string | undefined;
}): string {
  const role = sources.flag ?? sources.project ?? (sources.env === '' ? undefined : sources.env) ?? sources.live;
  if (role === undefined) {
    throw usage(
      'SageMaker needs a role to run the model with, and none was named.',
      'Give --role ARN, write `role:` into shadowctl.yaml, or set SAGEMAKER_ROLE_ARN.',
    );
  }
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/.test(role)) {
    throw usage(`"${role}" is not the ARN of a role.`, 'It looks like arn:aws:iam::123456789012:role/name.');
  }
  return role;
}
