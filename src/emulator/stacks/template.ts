import { parseTaggedYaml } from '../../base/yaml.ts';
import { TemplateError } from './template-error.ts';

/** A resource as a template writes it down. */
interface TemplateResource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn: readonly string[];
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface TemplateParameter {
  Type: string;
  Default?: unknown;
  Description?: string;
  NoEcho?: boolean;
  AllowedValues?: unknown[];
  AllowedPattern?: string;
  ConstraintDescription?: string;
  MinLength?: number;
  MaxLength?: number;
  MinValue?: number;
  MaxValue?: number;
}

/** A template that has been read; its intrinsics are still in it, in their long form. */
export interface Template {
  description?: string;
  metadata?: unknown;
  parameters: Record<string, TemplateParameter>;
  conditions: Record<string, unknown>;
  resources: Record<string, TemplateResource>;
  outputs: Record<string, { Value: unknown; Description?: string; Condition?: string; Export?: { Name: unknown } }>;
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Conditions',
  'Resources',
  'Outputs',
];
/** Known to CloudFormation, not built here. */
const UNBUILT_SECTIONS = ['Mappings', 'Transform', 'Rules', 'Hooks'];
const UNBUILT_ATTRIBUTES = ['CreationPolicy', 'UpdatePolicy'];
const INTRINSICS = [
  'Ref',
  'Condition',
  'Fn::GetAtt',
  'Fn::Sub',
  'Fn::Join',
  'Fn::Select',
  'Fn::Split',
  'Fn::If',
  'Fn::Equals',
  'Fn::Not',
  'Fn::And',
  'Fn::Or',
];
/** "The maximum size of a template … in a request is 51,200 bytes, in a bucket 1 MB" (CloudFormation quotas). */
export const MAX_BODY = 51_200;

/** Reads a template in JSON or YAML. @throws TemplateError */
export function readTemplate(text: string): Template {
  let value: unknown;
  try {
    value = text.trimStart().startsWith('{') ? JSON.parse(text) : parseTaggedYaml(text, 'The template', shortForm);
  } catch (error) {
    throw new TemplateError(`Template format error: ${(error as Error).message}`);
  }
  const template = objectOf(value, 'Template format error: unsupported structure.');
  for (const section of Object.keys(template)) {
    if (UNBUILT_SECTIONS.includes(section)) throw unbuilt(`the section ${section} of templates`);
    if (!SECTIONS.includes(section))
      throw new TemplateError(`Template format error: Invalid template property or properties [${section}]`);
  }
  const resources = objectOf(
    template.Resources,
    'Template format error: At least one Resources member must be defined.',
  );
  if (Object.keys(resources).length === 0)
    throw new TemplateError('Template format error: At least one Resources member must be defined.');
  refuseIntrinsics(template);
  return {
    ...(typeof template.Description === 'string' && { description: template.Description }),
    ...(template.Metadata !== undefined && { metadata: template.Metadata }),
    parameters: (template.Parameters ?? {}) as Template['parameters'],
    conditions: (template.Conditions ?? {}) as Template['conditions'],
    outputs: (template.Outputs ?? {}) as Template['outputs'],
    resources: Object.fromEntries(Object.entries(resources).map(([id, one]) => [id, readResource(id, one)])),
  };
}

function readResource(id: string, value: unknown): TemplateResource {
  if (!/^[A-Za-z0-9]+$/.test(id))
    throw new TemplateError(`Template format error: Resource name ${id} is non alphanumeric.`);
  const given = objectOf(value, `Template format error: Resource ${id} is no object.`);
  const {
    Type,
    Properties = {},
    DependsOn = [],
    Condition,
    DeletionPolicy,
    UpdateReplacePolicy,
    Metadata: _,
    ...rest
  } = given;
  const [strange] = Object.keys(rest);
  if (strange !== undefined) {
    if (UNBUILT_ATTRIBUTES.includes(strange)) throw unbuilt(`${strange} of resources`);
    throw new TemplateError(`Template format error: Invalid attribute ${strange} of the resource ${id}.`);
  }
  if (typeof Type !== 'string')
    throw new TemplateError(
      `Template format error: [/Resources/${id}] Every Resources object must contain a Type member.`,
    );
  const policies = { DeletionPolicy, UpdateReplacePolicy };
  for (const [name, policy] of Object.entries(policies))
    if (policy !== undefined && !['Delete', 'Retain', 'RetainExceptOnCreate'].includes(policy as string)) {
      if (policy === 'Snapshot') throw unbuilt(`${name} Snapshot`);
      throw new TemplateError(
        `Template format error: Unrecognized ${name} ${JSON.stringify(policy)} for resource ${id}`,
      );
    }
  return {
    Type,
    Properties: objectOf(Properties, `Template format error: Properties of ${id} must be an object.`),
    DependsOn: [DependsOn].flat() as string[],
    ...(typeof Condition === 'string' && { Condition }),
    ...(typeof DeletionPolicy === 'string' && { DeletionPolicy }),
    ...(typeof UpdateReplacePolicy === 'string' && { UpdateReplacePolicy }),
  };
}

/** `!GetAtt A.b` and the like in their long form. */
function shortForm(tag: string, value: unknown): unknown {
  if (tag === 'Ref' || tag === 'Condition') return { [tag]: value };
  if (tag === 'GetAtt' && typeof value === 'string') {
    const dot = value.indexOf('.');
    return { 'Fn::GetAtt': [value.slice(0, dot), value.slice(dot + 1)] };
  }
  return { [`Fn::${tag}`]: value };
}

/** The one key of an object that is an intrinsic; undefined for any other value. */
export function intrinsicOf(value: unknown): [name: string, argument: unknown] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const [entry, another] = Object.entries(value);
  if (entry === undefined || another !== undefined) return undefined;
  const [name, argument] = entry;
  if (name.startsWith('Fn::') || name === 'Ref') return [name, argument];
  return name === 'Condition' && typeof argument === 'string' ? [name, argument] : undefined;
}

function refuseIntrinsics(value: unknown): void {
  const found = intrinsicOf(value);
  if (found !== undefined && !INTRINSICS.includes(found[0])) throw unbuilt(`the intrinsic function ${found[0]}`);
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) refuseIntrinsics(inner);
}

function objectOf(value: unknown, otherwise: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TemplateError(otherwise);
  return value as Record<string, unknown>;
}

function unbuilt(what: string): TemplateError {
  return new TemplateError(`The emulator has not built ${what}.`, true);
}
