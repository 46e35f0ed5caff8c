import type { Member, Shape } from '../model/shapes.ts';
import { malformedInput, readText } from './text.ts';
import { describeError, type Protocol, type WireRequest } from './wire.ts';
import { element, escapeXml, writeMembers } from './xml-write.ts';
import { AwsError } from '../model/aws-error.ts';

/** A parameter's place among the dotted names: a value of its own, and the parameters below it. */
interface Node {
  value: string | undefined;
  children: Map<string, Node>;
}

const MAX_DEPTH = 32;

/** AWS Query: form parameters with dotted names in, XML out (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). */
export const query: Protocol = {
  parse(operation, request) {
    const root = tree(queryParameters(request));
    return operation.input === undefined ? {} : readStructure(operation.input, root);
  },

  serialize(operation, output, requestId) {
    const wrapper = operation.resultWrapper ?? `${operation.name}Result`;
    const result =
      operation.output === undefined ? '' : `<${wrapper}>${writeMembers(operation.output, output ?? {})}</${wrapper}>`;
    const metadata = `<ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata>`;
    const namespace = escapeXml(operation.service.metadata.xmlNamespace ?? '');
    const body = `<${operation.name}Response xmlns="${namespace}">${result}${metadata}</${operation.name}Response>`;
    return { status: 200, headers: headers(requestId), body };
  },

  serializeError(error, { service, requestId }) {
    const { queryCode, status } = describeError(error, service);
    const details = Object.entries(error.details)
      .map(([name, value]) => element(name, String(value)))
      .join('');
    const type = element('Type', status < 500 ? 'Sender' : 'Receiver');
    const one = `<Error>${type}${element('Code', queryCode)}${element('Message', error.message)}${details}</Error>`;
    const namespace = service?.metadata.xmlNamespace;
    const attribute = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
    const body = `<ErrorResponse${attribute}>${one}${element('RequestId', requestId)}</ErrorResponse>`;
    return { status, headers: headers(requestId), body };
  },
};

/** The parameters of a Query call: of the form in the body, and of the URL (GET is permitted). */
export function queryParameters(request: Pick<WireRequest, 'query' | 'body'>): (readonly [string, string])[] {
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
  return [...request.query, ...form];
}

function headers(requestId: string): Record<string, string> {
  return { 'x-amzn-requestid': requestId, 'content-type': 'text/xml' };
}

function tree(parameters: readonly (readonly [string, string])[]): Node {
  const root: Node = { value: undefined, children: new Map() };
  for (const [name, value] of parameters) {
    const path = name.split('.', MAX_DEPTH + 1);
    if (path.length > MAX_DEPTH) throw new AwsError('MalformedQueryString', 'A parameter name has too many parts.');
    let node = root;
    for (const part of path) {
      let next = node.children.get(part);
      if (next === undefined) {
        next = { value: undefined, children: new Map() };
        node.children.set(part, next);
      }
      node = next;
    }
    node.value = value;
  }
  return root;
}

function readStructure(shape: Shape, node: Node): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const member of shape.members) {
    // Botocore's descriptions of CloudWatch carry no names of their own; where they do, both are heard.
    const child = node.children.get(member.wireName) ?? node.children.get(member.name);
    if (child === undefined) continue;
    const value = readNode(member, child);
    if (value !== undefined) result[member.name] = value;
  }
  return result;
}

function readNode(member: Member, node: Node): unknown {
  const { shape } = member;
  switch (shape.type) {
    case 'structure':
      return readStructure(shape, node);
    case 'list': {
      const { item } = shape;
      if (item === undefined) return [];
      // `Name.member.1`, or `Name.1` where the list is flattened; clients in the field send either.
      const items = node.children.get(item.wireName) ?? node.children.get('member') ?? node;
      return numbered(items).map((one) => readNode(item, one));
    }
    case 'map': {
      const { key, value } = shape;
      if (key === undefined || value === undefined) return {};
      const entries = numbered(node.children.get('entry') ?? node).map((entry) => [
        entry.children.get(key.wireName)?.value ?? '',
        readNode(value, entry.children.get(value.wireName) ?? { value: '', children: new Map() }),
      ]);
      return Object.fromEntries(entries);
    }
    default:
      return node.value === undefined ? undefined : readText(shape, node.value, malformedInput);
  }
}

/** The children `1`, `2`, … in their order; gaps are permitted. */
function numbered(node: Node): Node[] {
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
