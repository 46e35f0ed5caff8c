import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';
import { TemplateError } from '../../stacks/template-error.ts';

/** CloudFormation's refusal for nearly everything. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

export function stackNotFound(name: string): AwsError {
  return validationError(`Stack with id ${name} does not exist`);
}

export function alreadyExists(name: string): AwsError {
  return new AwsError('AlreadyExistsException', `Stack [${name}] already exists`);
}

export function changeSetNotFound(name: string): AwsError {
  return new AwsError('ChangeSetNotFoundException', `ChangeSet [${name}] does not exist`, { status: 404 });
}

export function invalidChangeSetStatus(message: string): AwsError {
  return new AwsError('InvalidChangeSetStatusException', message);
}

export function insufficientCapabilities(needed: readonly string[]): AwsError {
  return new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed.join(', ')}]`);
}

/** Runs what reads a template; what is wrong with it is a refusal. @throws AwsError */
export function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (error.unbuilt) throw new AwsError('NotImplemented', error.message, { status: 501 });
    throw validationError(error.message);
  }
}
