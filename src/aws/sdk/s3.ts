/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-s3')` all would, and be read at each start. */
export { S3Client } from '@aws-sdk/client-s3';
