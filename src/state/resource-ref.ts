import * as v from 'valibot';

/** Kinds of resources shadowctl creates, in AWS's words. */
const RESOURCE_KINDS = [
  'model',
  'endpoint-config',
  'endpoint',
  'alarm',
  's3-object',
  's3-bucket',
  'log-group',
  's3-prefix',
  'scalable-target',
  'transform-job',
  'batch-outputs',
  // What reports by Athena make: a database, a folder of evidence and results, and what belongs to one look alone.
  'glue-database',
  'athena-data',
  'athena-look',
] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

export const resourceRef = v.object({
  kind: v.picklist(RESOURCE_KINDS, `one of ${RESOURCE_KINDS.join(', ')}`),
  name: v.pipe(v.string('a name'), v.nonEmpty('a name')),
});

/** Names one resource in AWS: for S3 objects and prefixes the name is the `s3://` URI. */
export type ResourceRef = v.InferOutput<typeof resourceRef>;
