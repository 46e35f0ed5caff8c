/** Only what is named here gets into the bundle; of `import('@aws-sdk/client-pricing')` all would, and be read at each start. */
export { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
