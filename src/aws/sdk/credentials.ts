/** Only what is named here gets into the bundle; of `import('@aws-sdk/credential-providers')` all would, and be read at each start. */
export { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
