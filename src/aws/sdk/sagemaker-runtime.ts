/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-sagemaker-runtime')` all would, and be read at each start. */
export { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
