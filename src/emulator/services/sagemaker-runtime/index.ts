import type { SageMakerRuntime } from '@aws-sdk/client-sagemaker-runtime';
import type { OperationsOf } from '../operation.ts';
import { invokeEndpoint } from './invoke.ts';

/** The SageMaker runtime operations that are built. */
export const operations = { InvokeEndpoint: invokeEndpoint } satisfies OperationsOf<SageMakerRuntime>;
