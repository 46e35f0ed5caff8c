import type { Lambda } from '@aws-sdk/client-lambda';
import type { OperationsOf } from '../operation.ts';
import { functionOperations } from './functions.ts';
import { invokeOperations } from './invoke.ts';
import { permissionOperations } from './permissions.ts';
import { settingOperations } from './settings.ts';
import { urlOperations } from './urls.ts';

/** Lambda: functions that run on Node, in processes of their own. */
export const operations = {
  ...functionOperations,
  ...permissionOperations,
  ...settingOperations,
  ...urlOperations,
  ...invokeOperations,
} satisfies OperationsOf<Lambda>;
