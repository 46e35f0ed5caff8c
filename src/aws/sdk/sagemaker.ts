/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-sagemaker')` all would, and be read at each start. */
export { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
