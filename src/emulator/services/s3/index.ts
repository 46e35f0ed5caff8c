import type { S3 } from '@aws-sdk/client-s3';
import type { Hooks, OperationsOf } from '../operation.ts';
import { bucketOperations } from './buckets.ts';
import { checkRequest } from './check-request.ts';
import { completeOperations } from './complete.ts';
import { copyOperations } from './copy.ts';
import { deleteOperations } from './delete.ts';
import { listOperations } from './list.ts';
import { multipartOperations } from './multipart.ts';
import { multipartListOperations } from './multipart-lists.ts';
import { operationOf } from './operation-of.ts';
import { regionOf } from './access.ts';
import { notificationOperations } from './notifications.ts';
import { readOperations } from './read.ts';
import { taggingOperations } from './tagging.ts';
import { writeOperations } from './write.ts';

/** S3: buckets of one version, their objects, uploads in parts. */
export const operations = {
  ...bucketOperations,
  ...taggingOperations,
  ...notificationOperations,
  ...readOperations,
  ...writeOperations,
  ...copyOperations,
  ...deleteOperations,
  ...listOperations,
  ...multipartOperations,
  ...completeOperations,
  ...multipartListOperations,
} satisfies OperationsOf<S3>;

/** AWS's description alone does not distinguish S3's operations, and S3 checks a request before it reads it. */
export const hooks: Hooks = { operationOf, checkRequest, regionOf };
