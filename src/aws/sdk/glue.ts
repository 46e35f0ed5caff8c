/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-glue')` all would, and be read at each start. */
export { GlueClient } from '@aws-sdk/client-glue';
