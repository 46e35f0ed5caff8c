/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-application-auto-scaling')` all would, and be read at each start. */
export { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
