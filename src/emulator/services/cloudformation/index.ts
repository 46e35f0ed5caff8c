import type { CloudFormation } from '@aws-sdk/client-cloudformation';
import type { OperationsOf } from '../operation.ts';
import { changeSetOperations } from './change-sets.ts';
import { resourceOperations } from './resources.ts';
import { stackOperations } from './stacks.ts';

/** CloudFormation: stacks of the types of resources that shadowctl's own template has. */
export const operations = {
  ...stackOperations,
  ...resourceOperations,
  ...changeSetOperations,
} satisfies OperationsOf<CloudFormation>;
