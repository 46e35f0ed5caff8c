/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-cloudwatch-logs')` all would, and be read at each start. */
export { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
