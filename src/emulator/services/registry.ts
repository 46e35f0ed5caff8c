import type { Hooks, Operations } from './operation.ts';
import { type RawModel, resolveModel, type ServiceId, type ServiceModel } from '../model/shapes.ts';

/** A service when it is first called: its description and its operations. */
export interface Service {
  model: ServiceModel;
  operations: Operations;
  hooks: Hooks;
}

type Loaded = { default: unknown };

/** Written out one by one: a bundler must see each name to carry the file. */
const MODELS: Record<ServiceId, () => Promise<Loaded>> = {
  sagemaker: () => import('../model/models/sagemaker.json', { with: { type: 'json' } }),
  'sagemaker-runtime': () => import('../model/models/sagemaker-runtime.json', { with: { type: 'json' } }),
  cloudwatch: () => import('../model/models/cloudwatch.json', { with: { type: 'json' } }),
  logs: () => import('../model/models/logs.json', { with: { type: 'json' } }),
  s3: () => import('../model/models/s3.json', { with: { type: 'json' } }),
  sts: () => import('../model/models/sts.json', { with: { type: 'json' } }),
  sns: () => import('../model/models/sns.json', { with: { type: 'json' } }),
  'application-autoscaling': () => import('../model/models/application-autoscaling.json', { with: { type: 'json' } }),
  scheduler: () => import('../model/models/scheduler.json', { with: { type: 'json' } }),
  iam: () => import('../model/models/iam.json', { with: { type: 'json' } }),
  ecr: () => import('../model/models/ecr.json', { with: { type: 'json' } }),
  lambda: () => import('../model/models/lambda.json', { with: { type: 'json' } }),
  pricing: () => import('../model/models/pricing.json', { with: { type: 'json' } }),
  events: () => import('../model/models/events.json', { with: { type: 'json' } }),
  sqs: () => import('../model/models/sqs.json', { with: { type: 'json' } }),
  cloudformation: () => import('../model/models/cloudformation.json', { with: { type: 'json' } }),
  athena: () => import('../model/models/athena.json', { with: { type: 'json' } }),
  glue: () => import('../model/models/glue.json', { with: { type: 'json' } }),
};

const SERVICES: Record<ServiceId, () => Promise<{ operations: Operations; hooks?: Hooks }>> = {
  sagemaker: () => import('./sagemaker/index.ts'),
  'sagemaker-runtime': () => import('./sagemaker-runtime/index.ts'),
  cloudwatch: () => import('./cloudwatch/index.ts'),
  logs: () => import('./logs/index.ts'),
  s3: () => import('./s3/index.ts'),
  sts: () => import('./sts/index.ts'),
  sns: () => import('./sns/index.ts'),
  'application-autoscaling': () => import('./application-autoscaling/index.ts'),
  scheduler: () => import('./scheduler/index.ts'),
  iam: () => import('./iam/index.ts'),
  ecr: () => import('./ecr/index.ts'),
  lambda: () => import('./lambda/index.ts'),
  pricing: () => import('./pricing/index.ts'),
  events: () => import('./events/index.ts'),
  sqs: () => import('./sqs/index.ts'),
  cloudformation: () => import('./cloudformation/index.ts'),
  athena: () => import('./athena/index.ts'),
  glue: () => import('./glue/index.ts'),
};

const models = new Map<ServiceId, Promise<ServiceModel>>();
const ready = new Map<ServiceId, Service>();

/** A service's description; loaded once. */
export function loadModel(id: ServiceId): Promise<ServiceModel> {
  let model = models.get(id);
  if (model === undefined) {
    model = MODELS[id]().then((loaded) => resolveModel(id, loaded.default as RawModel));
    models.set(id, model);
  }
  return model;
}

/** The service if it was loaded before: spares the hot path a promise. */
export function loadedService(id: ServiceId): Service | undefined {
  return ready.get(id);
}

/** A service's description and operations; loaded once. */
export async function loadService(id: ServiceId): Promise<Service> {
  const known = ready.get(id);
  if (known !== undefined) return known;
  const [model, loaded] = await Promise.all([loadModel(id), SERVICES[id]()]);
  const service = { model, operations: loaded.operations, hooks: loaded.hooks ?? {} };
  ready.set(id, service);
  return service;
}
