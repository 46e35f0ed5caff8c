/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-athena')` all would, and be read at each start. */
export { AthenaClient } from '@aws-sdk/client-athena';
