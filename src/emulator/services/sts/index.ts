import type { Operations } from '../operation.ts';
import { assumeRole } from './assume-role.ts';
import { callerIdentity } from './identity.ts';

/** The STS operations that are built. */
export const operations: Operations = {
  AssumeRole: assumeRole,
  GetCallerIdentity: callerIdentity,
};
