/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-cloudwatch')` all would, and be read at each start. */
export { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
