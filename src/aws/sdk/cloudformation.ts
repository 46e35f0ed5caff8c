/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-cloudformation')` all would, and be read at each start. */
export { CloudFormationClient } from '@aws-sdk/client-cloudformation';
