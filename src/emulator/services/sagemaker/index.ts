import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { OperationsOf } from '../operation.ts';
import { createEndpointConfig, deleteEndpointConfig, describeEndpointConfig } from './endpoint-configs.ts';
import { createEndpoint, deleteEndpoint, describeEndpoint } from './endpoints.ts';
import {
  createInferenceExperiment,
  deleteInferenceExperiment,
  describeInferenceExperiment,
  startInferenceExperiment,
  stopInferenceExperiment,
  updateInferenceExperiment,
} from './experiments.ts';
import {
  listEndpointConfigs,
  listEndpoints,
  listInferenceExperiments,
  listModelPackages,
  listModels,
  listTransformJobs,
} from './lists.ts';
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
import { createTransformJob, describeTransformJob, stopTransformJob } from './transform-jobs.ts';
import { updateEndpoint, updateEndpointWeightsAndCapacities } from './update.ts';

/** The SageMaker operations that are built. */
export const operations = {
  AddTags: addTags,
  CreateEndpoint: createEndpoint,
  CreateEndpointConfig: createEndpointConfig,
  CreateInferenceExperiment: createInferenceExperiment,
  CreateModel: createModel,
  CreateModelPackage: createModelPackage,
  CreateModelPackageGroup: createModelPackageGroup,
  CreateTransformJob: createTransformJob,
  DeleteEndpoint: deleteEndpoint,
  DeleteEndpointConfig: deleteEndpointConfig,
  DeleteInferenceExperiment: deleteInferenceExperiment,
  DeleteModel: deleteModel,
  DeleteModelPackage: deleteModelPackage,
  DeleteModelPackageGroup: deleteModelPackageGroup,
  DeleteTags: deleteTags,
  DescribeEndpoint: describeEndpoint,
  DescribeEndpointConfig: describeEndpointConfig,
  DescribeInferenceExperiment: describeInferenceExperiment,
  DescribeModel: describeModel,
  DescribeModelPackage: describeModelPackage,
  DescribeModelPackageGroup: describeModelPackageGroup,
  DescribeTransformJob: describeTransformJob,
  ListEndpointConfigs: listEndpointConfigs,
  ListEndpoints: listEndpoints,
  ListInferenceExperiments: listInferenceExperiments,
  ListModelPackages: listModelPackages,
  ListModels: listModels,
  ListTags: listTags,
  ListTransformJobs: listTransformJobs,
  StartInferenceExperiment: startInferenceExperiment,
  StopInferenceExperiment: stopInferenceExperiment,
  StopTransformJob: stopTransformJob,
  UpdateEndpoint: updateEndpoint,
  UpdateEndpointWeightsAndCapacities: updateEndpointWeightsAndCapacities,
  UpdateInferenceExperiment: updateInferenceExperiment,
  UpdateModelPackage: updateModelPackage,
} satisfies OperationsOf<SageMaker>;
