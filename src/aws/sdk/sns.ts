/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-sns')` all would, and be read at each start. */
export { SNSClient } from '@aws-sdk/client-sns';
