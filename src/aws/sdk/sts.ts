/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-sts')` all would, and be read at each start. */
export { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
