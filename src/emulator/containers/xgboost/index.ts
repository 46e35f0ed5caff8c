export { xgboostContainer } from './container.ts';
export { loadModels } from './load.ts';
export { imageVersion } from './versions.ts';
