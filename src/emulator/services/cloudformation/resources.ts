import type { StackResource, StackResourceSummary, ValidateTemplateOutput } from '@aws-sdk/client-cloudformation';
import { capabilitiesOf, checkTypes } from '../../stacks/plan.ts';
import { type StackRecord, stacksOf, type StackResource as Kept } from '../../stacks/records.ts';
import { text } from '../../stacks/type.ts';
import { readTemplate, type Template } from '../../stacks/template.ts';
import type { Context } from '../operation.ts';
import { pageFrom } from '../paging.ts';
import { refusing, validationError } from './errors.ts';
import { fromBucket, stackNamed } from './input.ts';
import { invalidToken } from './stacks.ts';

type Named = { StackName?: string | undefined; LogicalResourceId?: string | undefined };

export const resourceOperations = {
  DescribeStackResources(context: Context, input: Named & { PhysicalResourceId?: string }) {
    const { PhysicalResourceId: physical } = input;
    const stack =
      input.StackName === undefined && physical !== undefined
        ? ofPhysical(context, physical)
        : stackNamed(context, input.StackName);
    return {
      StackResources: listed(stack)
        .filter(({ logicalId }) => (input.LogicalResourceId ?? logicalId) === logicalId)
        .map(
          (one): StackResource => ({
            StackName: stack.name,
            StackId: stack.id,
            Timestamp: new Date(one.at),
            ...common(one),
            DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
          }),
        ),
    };
  },

  DescribeStackResource(context: Context, input: Named) {
    const stack = stackNamed(context, input.StackName);
    const one = stack.resources[input.LogicalResourceId ?? ''];
    if (one === undefined)
      throw validationError(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.name}`);
    return {
      StackResourceDetail: {
        StackName: stack.name,
        StackId: stack.id,
        LastUpdatedTimestamp: new Date(one.at),
        ...common(one),
      },
    };
  },

  ListStackResources(context: Context, input: Named & { NextToken?: string }) {
    const { items, next } = pageFrom(listed(stackNamed(context, input.StackName)), {
      size: 100,
      token: input.NextToken,
      invalidToken,
    });
    return {
      StackResourceSummaries: items.map(
        (one): StackResourceSummary => ({ LastUpdatedTimestamp: new Date(one.at), ...common(one) }),
      ),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  async ValidateTemplate(
    context: Context,
    input: { TemplateBody?: string; TemplateURL?: string },
  ): Promise<Omit<ValidateTemplateOutput, '$metadata'>> {
    const template = await read(context, input);
    return { ...summary(template), ...(template.description !== undefined && { Description: template.description }) };
  },

  async GetTemplateSummary(context: Context, input: Named & { TemplateBody?: string; TemplateURL?: string }) {
    const given =
      input.StackName === undefined
        ? await read(context, input)
        : refusing(() => readTemplate(stackNamed(context, input.StackName).template));
    return {
      ...summary(given),
      ResourceTypes: [...new Set(Object.values(given.resources).map(({ Type }) => Type))],
      ...(given.description !== undefined && { Description: given.description }),
    };
  },
};

async function read(context: Context, input: { TemplateBody?: string; TemplateURL?: string }): Promise<Template> {
  const { TemplateBody: body, TemplateURL: url } = input;
  if (body === undefined && url === undefined)
    throw validationError('Either Template URL or Template Body must be specified.');
  const source = body ?? (await fromBucket(context, url ?? ''));
  return refusing(() => {
    const template = readTemplate(source);
    checkTypes(template);
    return template;
  });
}

function summary(template: Template) {
  const needed = capabilitiesOf(template) as ('CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM')[];
  return {
    Parameters: Object.entries(template.parameters).map(([ParameterKey, one]) => ({
      ParameterKey,
      NoEcho: String(one.NoEcho) === 'true',
      ...(one.Default !== undefined && { DefaultValue: text(one.Default) }),
      ...(one.Description !== undefined && { Description: one.Description }),
    })),
    ...(needed.length > 0 && {
      Capabilities: needed,
      CapabilitiesReason: `The following resource(s) require capabilities: [AWS::IAM::Role]`,
    }),
  };
}

function listed(stack: StackRecord): Kept[] {
  const order = [...stack.order, ...Object.keys(stack.resources).filter((id) => !stack.order.includes(id))];
  return order.flatMap((id) => stack.resources[id] ?? []);
}

function common(one: Kept) {
  return {
    LogicalResourceId: one.logicalId,
    PhysicalResourceId: one.physicalId,
    ResourceType: one.type,
    ResourceStatus: one.status as never,
    ...(one.reason !== undefined && { ResourceStatusReason: one.reason }),
  };
}

function ofPhysical(context: Context, physical: string): StackRecord {
  const { account, region, world } = context;
  for (const [, stack] of stacksOf(world.store).entries())
    if (
      stack.account === account &&
      stack.region === region &&
      Object.values(stack.resources).some((one) => one.physicalId === physical)
    )
      return stack;
  throw validationError(`Stack for ${physical} does not exist`);
}
