import type { Member, OperationModel, Shape } from '../model/shapes.ts';
import { readText } from './text.ts';
import { header, type WireRequest } from './wire.ts';
import { writeText } from './xml-write.ts';
import { AwsError } from '../model/aws-error.ts';

/** Where the members of an operation's input and output travel; worked out once per operation. */
interface Bindings {
  /** The path's parts; a label is a Member, `greedy` takes the rest of the path. */
  path: { literal: string | undefined; label: Member | undefined; greedy: boolean }[];
  headers: readonly { name: string; member: Member }[];
  prefixed: readonly { prefix: string; member: Member }[];
  query: readonly Member[];
  payload: Member | undefined;
  /** Members with no location: they make up the body where there is no payload. */
  body: readonly Member[];
  out: { headers: readonly Member[]; payload: Member | undefined; status: Member | undefined };
}

const known = new WeakMap<OperationModel, Bindings>();

/** The bindings of an operation. */
export function bindingsOf(operation: OperationModel): Bindings {
  let bindings = known.get(operation);
  if (bindings === undefined) {
    bindings = bind(operation);
    known.set(operation, bindings);
  }
  return bindings;
}

function bind(operation: OperationModel): Bindings {
  const members = operation.input?.members ?? [];
  const at = (location: Member['location']) => members.filter((member) => member.location === location);
  const labels = at('uri');
  const [template = '/'] = operation.http.requestUri.split('?');
  const outMembers = operation.output?.members ?? [];
  return {
    path: template
      .split('/')
      .slice(1)
      .map((part) => {
        const name = /^\{([^}+]+)(\+?)\}$/.exec(part);
        const label = name === null ? undefined : labels.find((member) => member.wireName === name[1]);
        return { literal: name === null ? part : undefined, label, greedy: name?.[2] === '+' };
      }),
    headers: at('header').map((member) => ({ name: member.wireName.toLowerCase(), member })),
    prefixed: at('headers').map((member) => ({ prefix: member.wireName.toLowerCase(), member })),
    query: at('querystring'),
    payload: members.find((member) => member.name === operation.input?.payload),
    body: members.filter((member) => member.location === undefined && member.name !== operation.input?.payload),
    out: {
      headers: outMembers.filter((member) => member.location === 'header' || member.location === 'headers'),
      payload: outMembers.find((member) => member.name === operation.output?.payload),
      status: outMembers.find((member) => member.location === 'statusCode'),
    },
  };
}

/** Does a path fit an operation's template? */
export function fitsPath(operation: OperationModel, path: string): boolean {
  const { path: template } = bindingsOf(operation);
  const parts = path.split('/').slice(1);
  return (
    (parts.length === template.length || (template.at(-1)?.greedy === true && parts.length > template.length)) &&
    template.every(({ literal }, index) =>
      literal === undefined ? (parts[index] ?? '') !== '' || index > 0 : literal === parts[index],
    )
  );
}

/** Reads what the path, the query and the headers say into `input`. Throws in the words of `malformed`. */
export function readBindings(
  operation: OperationModel,
  request: WireRequest,
  input: Record<string, unknown>,
  malformed: (text: string, wanted: string) => AwsError,
): void {
  const bindings = bindingsOf(operation);
  readPath(bindings, request.path, input);
  for (const { name, member } of bindings.headers) {
    const text = header(request, name);
    if (text !== undefined) input[member.name] = readHeader(member.shape, text, malformed);
  }
  for (const { prefix, member } of bindings.prefixed) input[member.name] = readPrefixed(request, prefix);
  if (request.query.length === 0) return;
  for (const member of bindings.query) {
    const values = request.query.filter(([name]) => name === member.wireName).map(([, value]) => value);
    if (values.length === 0) continue;
    const { item } = member.shape;
    input[member.name] =
      item === undefined
        ? readText(member.shape, values[0] ?? '', malformed)
        : values.map((value) => readText(item.shape, value, malformed));
  }
}

function readPath(bindings: Bindings, path: string, input: Record<string, unknown>): void {
  const parts = path.split('/');
  bindings.path.forEach(({ label, greedy }, index) => {
    if (label === undefined) return;
    const text = greedy ? parts.slice(index + 1).join('/') : parts[index + 1];
    if (text !== undefined && text !== '') input[label.name] = unescapePath(text);
  });
}

function unescapePath(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

function readHeader(shape: Shape, text: string, malformed: (text: string, wanted: string) => AwsError): unknown {
  const { item } = shape;
  if (item === undefined) return shape.type === 'string' ? text : readText(shape, text, malformed);
  return text.split(',').map((one) => readText(item.shape, one.trim(), malformed));
}

function readPrefixed(request: WireRequest, prefix: string): Record<string, string> {
  const found: [string, string][] = [];
  for (const name in request.headers) {
    if (!name.startsWith(prefix)) continue;
    const value = header(request, name);
    if (value !== undefined) found.push([name.slice(prefix.length), value]);
  }
  return Object.fromEntries(found);
}

/** The headers an output is bound to. Values that no header can carry are made harmless. */
export function writeHeaders(operation: OperationModel, output: Record<string, unknown>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const member of bindingsOf(operation).out.headers) {
    const value = output[member.name];
    if (value === undefined || value === null) continue;
    if (member.location === 'headers') {
      for (const [name, one] of Object.entries(value)) headers[member.wireName + name] = headerText(String(one));
    } else {
      const { item } = member.shape;
      const text =
        item === undefined
          ? writeText(member, value, 'rfc822')
          : (value as unknown[]).map((one) => writeText(item, one, 'rfc822')).join(',');
      headers[member.wireName] = headerText(text);
    }
  }
  return headers;
}

/** Header values are bytes: text beyond Latin-1 goes as UTF-8, line breaks and other controls become spaces. */
export function headerText(text: string): string {
  if (!/[^\t\x20-\x7E\x80-\xFF]/.test(text)) return text;
  const bytes = /[^\0-\xFF]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
  return bytes.replace(/[^\t\x20-\x7E\x80-\xFF]/g, ' ');
}
