import type { Change, Definition, StackRecord } from './records.ts';
import { partitionOf } from '../world/partition.ts';
import {
  checkNames,
  conditionHolds,
  orderOf,
  parametersOf,
  parameterValues,
  resolveValue,
  type Scope,
} from './resolve.ts';
import { intrinsicOf, readTemplate, type Template } from './template.ts';
import { TemplateError } from './template-error.ts';
import { same, text } from './type.ts';
import { TYPES } from './types/table.ts';

/** Where a template is used. */
interface Setting extends Definition {
  account: string;
  region: string;
  name: string;
  id: string;
  notificationArns: readonly string[];
}

/** A template with its names bound; resources are those that the stack has now. */
export function scopeOf(setting: Setting, template: Template, resources: StackRecord['resources']): Scope {
  const there = (id: string) => {
    const found = resources[id];
    if (found === undefined) throw new TemplateError(`Unresolved dependency ${id}: the resource is not there.`);
    return found;
  };
  return {
    template,
    parameters: parameterValues(template.parameters, setting.parameters),
    pseudo: {
      'AWS::AccountId': setting.account,
      'AWS::NotificationARNs': [...setting.notificationArns],
      'AWS::Partition': partitionOf(setting.region),
      'AWS::Region': setting.region,
      'AWS::StackId': setting.id,
      'AWS::StackName': setting.name,
      'AWS::URLSuffix': setting.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com',
    },
    ref: (id) => there(id).physicalId,
    attribute(id, name) {
      const { attributes, type } = there(id);
      if (attributes[name] === undefined)
        throw new TemplateError(`Requested attribute ${name} does not exist in schema for ${type}`);
      return attributes[name];
    },
  };
}

/** Reads and checks a template with its parameters, as CloudFormation does before it makes anything. @throws TemplateError */
export function checkedTemplate(setting: Setting): { template: Template; order: string[] } {
  const template = readTemplate(setting.template);
  checkTypes(template);
  const full = { ...setting, parameters: parametersOf(template.parameters, setting.parameters) };
  const scope = scopeOf(full, template, {});
  checkNames(template, scope.pseudo);
  checkAttributes(template);
  return { template, order: orderOf(scope) };
}

/** Refuses types and properties that are not built. @throws TemplateError */
export function checkTypes(template: Template): void {
  const strange = [...new Set(Object.values(template.resources).map(({ Type }) => Type))].filter(
    (type) => !TYPES.has(type),
  );
  const unknown = strange.filter((type) => !/^(?:AWS|Alexa|Custom)::/.test(type));
  if (unknown.length > 0)
    throw new TemplateError(`Template format error: Unrecognized resource types: [${unknown.join(', ')}]`);
  if (strange.length > 0)
    throw new TemplateError(
      `The emulator has not built resources of the type ${strange.join(', ')}. It has: ${[...TYPES.keys()].join(', ')}.`,
      true,
    );
  for (const [id, { Type, Properties }] of Object.entries(template.resources)) {
    const type = TYPES.get(Type);
    const unbuilt = Object.keys(Properties).filter((name) => type?.properties.includes(name) !== true);
    if (unbuilt.length > 0)
      throw new TemplateError(`The emulator has not built ${unbuilt.join(', ')} of ${Type} (${id}).`, true);
    const missing = type?.required.filter((name) => Properties[name] === undefined) ?? [];
    if (missing.length > 0)
      throw new TemplateError(
        `Properties validation failed for resource ${id} with message: required key [${missing.join(', ')}] not found`,
      );
  }
}

/** Refuses attributes that a type does not have. @throws TemplateError */
function checkAttributes(template: Template): void {
  const walk = (value: unknown): void => {
    const found = intrinsicOf(value);
    if (found?.[0] === 'Fn::GetAtt') {
      const [id, name] = Array.isArray(found[1]) ? (found[1] as string[]) : text(found[1]).split('.');
      const type = template.resources[id ?? '']?.Type ?? '';
      if (TYPES.get(type)?.attributes.includes(name ?? '') === false)
        throw new TemplateError(`Template error: resource ${id} does not support attribute type ${name} in Fn::GetAtt`);
    }
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) walk(inner);
  };
  walk(template.resources);
  walk(template.outputs);
}

/** The capabilities that a template needs: of roles, more where they have names. */
export function capabilitiesOf(template: Template): string[] {
  const roles = Object.values(template.resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
  if (roles.length === 0) return [];
  return roles.some(({ Properties }) => Properties.RoleName !== undefined)
    ? ['CAPABILITY_NAMED_IAM']
    : ['CAPABILITY_IAM'];
}

/** What would be done to a stack by another definition; what cannot be known before is taken to change. */
export function changesOf(stack: StackRecord, next: Definition): Change[] {
  const setting = { ...stack, ...next };
  const { template, order } = checkedTemplate(setting);
  const parameters = parametersOf(template.parameters, next.parameters);
  const scope = scopeOf({ ...setting, parameters }, template, stack.resources);
  const others = order.filter((id) => {
    const before = stack.resources[id];
    return before !== undefined && before.type !== template.resources[id]?.Type;
  });
  if (others.length > 0)
    throw new TemplateError(
      `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${others.join(', ')}]`,
    );
  const changes = order.flatMap((id): Change[] => {
    const { Type: type, Properties } = template.resources[id] ?? { Type: '', Properties: {} };
    const present = stack.resources[id];
    if (present === undefined) return [{ action: 'Add', logicalId: id, type }];
    let properties: unknown;
    try {
      properties = resolveValue(Properties, scope);
    } catch {
      properties = undefined;
    }
    const differs = properties === undefined || !same(properties, present.properties);
    if (!differs && same(next.tags, stack.tags)) return [];
    const given = (properties ?? {}) as Record<string, unknown>;
    const kind = TYPES.get(type);
    const replaced = kind?.replacing.some((name) => !same(given[name], present.properties[name])) ?? false;
    return [
      {
        action: 'Modify',
        logicalId: id,
        physicalId: present.physicalId,
        type,
        replacement:
          properties === undefined ? 'Conditional' : replaced || kind?.update === undefined ? 'True' : 'False',
      },
    ];
  });
  const removed = stack.order
    .filter((id) => !order.includes(id))
    .flatMap((id): Change[] => {
      const one = stack.resources[id];
      return one === undefined ? [] : [{ action: 'Remove', logicalId: id, physicalId: one.physicalId, type: one.type }];
    });
  return [...changes, ...removed];
}

/** The outputs of a stack. */
export function outputsOf(scope: Scope): StackRecord['outputs'] {
  return Object.entries(scope.template.outputs)
    .filter(([, { Condition }]) => conditionHolds(Condition, scope))
    .map(([key, { Value, Description, Export }]) => {
      if (Export !== undefined) throw new TemplateError('The emulator has not built exports of outputs.', true);
      return {
        key,
        value: text(resolveValue(Value, scope)),
        ...(Description !== undefined && { description: Description }),
      };
    });
}
