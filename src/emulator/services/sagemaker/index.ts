import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { OperationsOf } from '../operation.ts';
import { createEndpointConfig, deleteEndpointConfig, describeEndpointConfig } from './endpoint-configs.ts';
import { createEndpoint, deleteEndpoint, describeEndpoint } from './endpoints.ts';
import { listEndpointConfigs, listEndpoints, listModels } from './lists.ts';
import { createModel, deleteModel, describeModel } from './models.ts';
import { addTags, deleteTags, listTags } from './tags.ts';
import { updateEndpoint, updateEndpointWeightsAndCapacities } from './update.ts';

/** The SageMaker operations that are built. */
export const operations = {
  AddTags: addTags,
  CreateEndpoint: createEndpoint,
  CreateEndpointConfig: createEndpointConfig,
  CreateModel: createModel,
  DeleteEndpoint: deleteEndpoint,
  DeleteEndpointConfig: deleteEndpointConfig,
  DeleteModel: deleteModel,
  DeleteTags: deleteTags,
  DescribeEndpoint: describeEndpoint,
  DescribeEndpointConfig: describeEndpointConfig,
  DescribeModel: describeModel,
  ListEndpointConfigs: listEndpointConfigs,
  ListEndpoints: listEndpoints,
  ListModels: listModels,
  ListTags: listTags,
  UpdateEndpoint: updateEndpoint,
  UpdateEndpointWeightsAndCapacities: updateEndpointWeightsAndCapacities,
} satisfies OperationsOf<SageMaker>;
