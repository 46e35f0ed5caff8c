/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-application-auto-scaling')` all would, and be read at each start. */
export {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
