import type { Operations } from '../operation.ts';
import { invokeEndpoint } from './invoke.ts';

/** The SageMaker runtime operations that are built. */
export const operations: Operations = { InvokeEndpoint: invokeEndpoint };
