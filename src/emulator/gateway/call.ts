import { AwsError } from '../model/aws-error.ts';
import type { ServiceId } from '../model/shapes.ts';
import { validate } from '../model/validate.ts';
import type { Context } from '../services/operation.ts';
import { loadService } from '../services/registry.ts';
import { authorize, refusal } from './authorization/authorize.ts';

/**
 * Calls an operation within the emulator, as the caller of the context: through the same checks as anybody's call, but
 * for what is only of HTTP.
 * @throws AwsError where it is refused
 */
export async function callOperation(
  context: Omit<Context, 'refusal'>,
  service: ServiceId,
  name: string,
  input: Record<string, unknown>,
): Promise<unknown> {
  const { model, operations } = await loadService(service);
  const operation = model.operation(name);
  const implementation = operation && operations[name];
  if (operation === undefined || implementation === undefined)
    throw new AwsError('NotImplemented', `The emulator has not built ${service} ${name}.`, { status: 501 });
  validate(operation, input);
  const { world, caller } = context;
  const own: Context = { ...context };
  if (world.iam.enforced()) {
    own.refusal = (action, resource) => refusal(caller, { action, resource, keys: {} }, own);
    authorize(caller, operation, input, own);
  }
  // `validate` has found that the input is what the operation's description says.
  return implementation(own, input as never);
}
