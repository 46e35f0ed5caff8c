/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-lambda')` all would, and be read at each start. */
export { LambdaClient, GetFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
