/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-ecr')` all would, and be read at each start. */
export { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
