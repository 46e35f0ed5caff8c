import { strToU8, zipSync } from 'fflate';
import {
  orNothing,
  flag,
  gone,
  number,
  pick,
  type Properties,
  type ResourceType,
  same,
  tagMap,
  text,
} from '../type.ts';

const CONFIGURATION = [
  'Description',
  'Environment',
  'Handler',
  'MemorySize',
  'Role',
  'Runtime',
  'Timeout',
  'DeadLetterConfig',
  'EphemeralStorage',
  'LoggingConfig',
];

/** What a property that the template has no longer goes back to. */
const BY_DEFAULT = {
  Description: '',
  Environment: { Variables: {} },
  MemorySize: 128,
  Timeout: 3,
  DeadLetterConfig: { TargetArn: '' },
  EphemeralStorage: { Size: 512 },
};

export const lambdaFunction: ResourceType = {
  named: 'FunctionName',
  required: ['Code', 'Role'],
  properties: [
    ...CONFIGURATION,
    'Code',
    'FunctionName',
    'Architectures',
    'PackageType',
    'ReservedConcurrentExecutions',
    'Tags',
    'TracingConfig',
  ],
  replacing: ['FunctionName', 'PackageType'],
  attributes: ['Arn'],
  async create(context, properties) {
    const FunctionName = text(properties.FunctionName ?? context.name(64));
    const { FunctionArn } = await context.call('lambda', 'CreateFunction', {
      FunctionName,
      ...configuration(properties),
      ...pick(properties, ['Architectures', 'PackageType']),
      Code: codeOf(properties.Code),
      Tags: orNothing(tagMap(context, properties.Tags)),
    });
    context.begun(FunctionName);
    if (properties.ReservedConcurrentExecutions !== undefined)
      await context.call('lambda', 'PutFunctionConcurrency', {
        FunctionName,
        ReservedConcurrentExecutions: number(properties.ReservedConcurrentExecutions),
      });
    return { physicalId: FunctionName, attributes: { Arn: text(FunctionArn) } };
  },
  /** First the code, then the configuration: Lambda takes one change at a time. */
  async update(context, FunctionName, after, before, phase) {
    const config = CONFIGURATION.some((name) => !same(after[name], before[name]));
    if (phase === 0) {
      const reserved = after.ReservedConcurrentExecutions;
      if (!same(reserved, before.ReservedConcurrentExecutions))
        await (reserved === undefined
          ? context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName })
          : context.call('lambda', 'PutFunctionConcurrency', {
              FunctionName,
              ReservedConcurrentExecutions: number(reserved),
            }));
      const tags = tagMap(context, after.Tags);
      const Resource = `arn:${context.partition}:lambda:${context.region}:${context.account}:function:${FunctionName}`;
      const lost = Object.keys(tagMap(context, before.Tags)).filter((key) => tags[key] === undefined);
      if (lost.length > 0) await context.call('lambda', 'UntagResource', { Resource, TagKeys: lost });
      if (Object.keys(tags).length > 0) await context.call('lambda', 'TagResource', { Resource, Tags: tags });
      if (same(after.Code, before.Code) && same(after.Architectures, before.Architectures)) return { more: config };
      await context.call('lambda', 'UpdateFunctionCode', {
        FunctionName,
        ...codeOf(after.Code),
        ...pick(after, ['Architectures']),
      });
      return { more: config };
    }
    await context.call('lambda', 'UpdateFunctionConfiguration', {
      FunctionName,
      ...BY_DEFAULT,
      ...configuration(after),
    });
    return { more: false };
  },
  remove: (context, FunctionName) => gone(context.call('lambda', 'DeleteFunction', { FunctionName })),
  async ready(context, FunctionName) {
    const { State, LastUpdateStatus } = await context.call('lambda', 'GetFunctionConfiguration', { FunctionName });
    return State === 'Active' && LastUpdateStatus !== 'InProgress';
  },
};

function configuration(properties: Properties): Record<string, unknown> {
  const Variables = (properties.Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables;
  return {
    ...pick(properties, CONFIGURATION),
    ...(properties.MemorySize !== undefined && { MemorySize: number(properties.MemorySize) }),
    ...(properties.Timeout !== undefined && { Timeout: number(properties.Timeout) }),
    ...(Variables !== undefined && {
      Environment: {
        Variables: Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, text(value)])),
      },
    }),
  };
}

/** `ZipFile` of a template is the source itself, which lies in index.js then. */
function codeOf(code: unknown): Record<string, unknown> {
  const { ZipFile, ...rest } = code as { ZipFile?: string };
  return ZipFile === undefined
    ? rest
    : { ...rest, ZipFile: zipSync({ 'index.js': strToU8(ZipFile) }, { mtime: '2000-01-01' }) };
}

const PERMISSION = [
  'Action',
  'FunctionName',
  'Principal',
  'SourceArn',
  'SourceAccount',
  'FunctionUrlAuthType',
  'InvokedViaFunctionUrl',
  'PrincipalOrgID',
];

export const lambdaPermission: ResourceType = {
  required: ['Action', 'FunctionName', 'Principal'],
  properties: PERMISSION,
  replacing: PERMISSION,
  attributes: ['Id'],
  async create(context, properties) {
    const StatementId = context.name(100);
    const viaUrl = flag(properties.InvokedViaFunctionUrl);
    await context.call('lambda', 'AddPermission', {
      ...properties,
      StatementId,
      ...(viaUrl !== undefined && { InvokedViaFunctionUrl: viaUrl }),
    });
    return { physicalId: StatementId, attributes: { Id: StatementId } };
  },
  remove: (context, StatementId, { FunctionName }) =>
    gone(context.call('lambda', 'RemovePermission', { FunctionName, StatementId })),
};

export const lambdaUrl: ResourceType = {
  required: ['AuthType', 'TargetFunctionArn'],
  properties: ['AuthType', 'TargetFunctionArn', 'InvokeMode', 'Cors', 'Qualifier'],
  replacing: ['TargetFunctionArn', 'Qualifier'],
  attributes: ['FunctionArn', 'FunctionUrl'],
  async create(context, { TargetFunctionArn, ...rest }) {
    const made = await context.call('lambda', 'CreateFunctionUrlConfig', { FunctionName: TargetFunctionArn, ...rest });
    const FunctionArn = text(made.FunctionArn);
    return { physicalId: FunctionArn, attributes: { FunctionArn, FunctionUrl: text(made.FunctionUrl) } };
  },
  async update(context, FunctionName, after) {
    const rest = pick(after, ['AuthType', 'InvokeMode', 'Cors']);
    await context.call('lambda', 'UpdateFunctionUrlConfig', { FunctionName, ...rest });
    return { more: false };
  },
  remove: (context, FunctionName) => gone(context.call('lambda', 'DeleteFunctionUrlConfig', { FunctionName })),
};

export const lambdaEventInvokeConfig: ResourceType = {
  required: ['FunctionName', 'Qualifier'],
  properties: ['FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'MaximumEventAgeInSeconds', 'DestinationConfig'],
  replacing: ['FunctionName', 'Qualifier'],
  attributes: [],
  async exists(context, { FunctionName }) {
    try {
      await context.call('lambda', 'GetFunctionEventInvokeConfig', { FunctionName });
      return true;
    } catch {
      return false;
    }
  },
  async create(context, properties) {
    await context.call('lambda', 'PutFunctionEventInvokeConfig', asyncConfig(properties));
    return { physicalId: `${text(properties.FunctionName)}|${text(properties.Qualifier)}`, attributes: {} };
  },
  async update(context, _, after) {
    await context.call('lambda', 'PutFunctionEventInvokeConfig', asyncConfig(after));
    return { more: false };
  },
  remove: (context, _, { FunctionName, Qualifier }) =>
    gone(context.call('lambda', 'DeleteFunctionEventInvokeConfig', { FunctionName, Qualifier })),
};

function asyncConfig(properties: Properties): Record<string, unknown> {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = properties;
  return {
    ...properties,
    ...(MaximumRetryAttempts !== undefined && { MaximumRetryAttempts: number(MaximumRetryAttempts) }),
    ...(MaximumEventAgeInSeconds !== undefined && { MaximumEventAgeInSeconds: number(MaximumEventAgeInSeconds) }),
  };
}
