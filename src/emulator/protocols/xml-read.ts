import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Member, Shape } from '../model/shapes.ts';
import { readText } from './text.ts';
import { AwsError } from '../model/aws-error.ts';

/** An element as the parser gives it: children by name, each a list; text alone is a string. */
type Element = string | { [name: string]: Element[] | string | undefined };

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  // Decoded below: only XML's own entities exist, so that nothing can be defined to expand.
  processEntities: false,
  isArray: () => true,
  // Kept apart, as entities mean nothing in it.
  cdataPropName: '#cdata',
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads an XML body as the shape says. The root's name is not looked at, as S3 does not. Throws S3's MalformedXML. */
export function readXml(shape: Shape, body: Uint8Array): Record<string, unknown> {
  const root = rootOf(body);
  return readStructure(shape, root);
}

/** S3's refusal of a body that is not XML, or not the XML that was expected. */
function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

function rootOf(body: Uint8Array): Element {
  try {
    const text = utf8.decode(body);
    if (text.includes('<!DOCTYPE') || XMLValidator.validate(text) !== true) throw malformedXml();
    const document = parser.parse(text) as Record<string, Element[]>;
    const root = Object.entries(document).find(([name]) => name !== '#text')?.[1][0];
    if (root !== undefined) return root;
  } catch {
    // Whatever the parser found wrong, S3 has one word for it.
  }
  throw malformedXml();
}

function readStructure(shape: Shape, element: Element): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (typeof element === 'string') return result;
  for (const member of shape.members) {
    if (member.location !== undefined || !Object.hasOwn(element, member.wireName)) continue;
    const found = element[member.wireName];
    if (Array.isArray(found)) result[member.name] = readElements(member, found);
  }
  return result;
}

function readElements(member: Member, elements: Element[]): unknown {
  const { shape } = member;
  const [first = ''] = elements;
  switch (shape.type) {
    case 'structure':
      return readStructure(shape, first);
    case 'list': {
      const { item } = shape;
      if (item === undefined) return [];
      const flat = member.flattened || shape.flattened;
      const items = flat ? elements : typeof first === 'string' ? [] : first[item.wireName];
      return Array.isArray(items) ? items.map((one) => readElements(item, [one])) : [];
    }
    case 'map': {
      const { key, value } = shape;
      if (key === undefined || value === undefined) return {};
      const flat = member.flattened || shape.flattened;
      const entries = flat ? elements : typeof first === 'string' ? [] : first.entry;
      if (!Array.isArray(entries)) return {};
      return Object.fromEntries(
        entries.map((entry) => {
          const parts = typeof entry === 'string' ? {} : entry;
          const [keys, values] = [parts[key.wireName], parts[value.wireName]];
          return [text(keys?.[0] ?? ''), Array.isArray(values) ? readElements(value, values) : undefined];
        }),
      );
    }
    default:
      return readText(shape, text(first), malformedXml);
  }
}

function text(element: Element): string {
  if (typeof element === 'string') return unescapeXml(element);
  const raw = element['#text'];
  const marked = element['#cdata'];
  // Text and CDATA side by side come out in this order; no client of S3 mixes them.
  const cdata = Array.isArray(marked)
    ? marked.map((one) => (typeof one === 'string' ? one : '')).join('')
    : (marked ?? '');
  return (typeof raw === 'string' ? unescapeXml(raw) : '') + cdata;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(raw: string): string {
  if (!raw.includes('&')) return raw;
  return raw.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);/g, (_, name: string) => {
    if (!name.startsWith('#')) {
      const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (known === undefined) throw malformedXml();
      return known;
    }
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (code > 0x10ffff) throw malformedXml();
    return String.fromCodePoint(code);
  });
}
