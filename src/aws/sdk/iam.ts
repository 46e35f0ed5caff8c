/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-iam')` all would, and be read at each start. */
export { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
