import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { OperationsOf } from '../operation.ts';
import { createEndpointConfig, deleteEndpointConfig, describeEndpointConfig } from './endpoint-configs.ts';
import { createEndpoint, deleteEndpoint, describeEndpoint } from './endpoints.ts';
import { listEndpointConfigs, listEndpoints, listModelPackages, listModels } from './lists.ts';
import {
  createModelPackage,
  createModelPackageGroup,
  deleteModelPackage,
  deleteModelPackageGroup,
  describeModelPackage,
  describeModelPackageGroup,
  updateModelPackage,
} from './model-packages.ts';
import { createModel, deleteModel, describeModel } from './models.ts';
import { addTags, deleteTags, listTags } from './tags.ts';
import { updateEndpoint, updateEndpointWeightsAndCapacities } from './update.ts';

/** The SageMaker operations that are built. */
export const operations = {
  AddTags: addTags,
  CreateEndpoint: createEndpoint,
  CreateEndpointConfig: createEndpointConfig,
  CreateModel: createModel,
  CreateModelPackage: createModelPackage,
  CreateModelPackageGroup: createModelPackageGroup,
  DeleteEndpoint: deleteEndpoint,
  DeleteEndpointConfig: deleteEndpointConfig,
  DeleteModel: deleteModel,
  DeleteModelPackage: deleteModelPackage,
  DeleteModelPackageGroup: deleteModelPackageGroup,
  DeleteTags: deleteTags,
  DescribeEndpoint: describeEndpoint,
  DescribeEndpointConfig: describeEndpointConfig,
  DescribeModel: describeModel,
  DescribeModelPackage: describeModelPackage,
  DescribeModelPackageGroup: describeModelPackageGroup,
  ListEndpointConfigs: listEndpointConfigs,
  ListEndpoints: listEndpoints,
  ListModelPackages: listModelPackages,
  ListModels: listModels,
  ListTags: listTags,
  UpdateEndpoint: updateEndpoint,
  UpdateEndpointWeightsAndCapacities: updateEndpointWeightsAndCapacities,
  UpdateModelPackage: updateModelPackage,
} satisfies OperationsOf<SageMaker>;
