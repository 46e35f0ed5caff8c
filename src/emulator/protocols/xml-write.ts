import type { Member, Shape, TimestampFormat } from '../model/shapes.ts';
import { formatOf, writeTimestamp } from './timestamps.ts';

/** Escapes for text and attributes; control characters that XML cannot carry become U+FFFD. */
export function escapeXml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[&<>"'\r\u0085\u2028\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/g, (char) => {
    switch (char) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      case "'":
        return '&apos;';
      // A parser would turn these into a line feed.
      case '\r':
      case '\u0085':
      case '\u2028':
        return `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
      default:
        return '\uFFFD';
    }
  });
}

/** One element with text. */
export function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/** The members of a structure as elements; those bound to headers or the status are left out. */
export function writeMembers(shape: Shape, value: unknown): string {
  const source = value as Record<string, unknown>;
  let xml = '';
  for (const member of shape.members) {
    const inner = source[member.name];
    if (inner === undefined || inner === null || member.location !== undefined) continue;
    xml += writeMember(member, member.wireName, inner);
  }
  return xml;
}

/** A value under a name, as Query replies and S3 bodies carry it; times are ISO 8601 unless the shape says otherwise. */
function writeMember(member: Member, name: string, value: unknown): string {
  const { shape } = member;
  switch (shape.type) {
    case 'structure':
      return `<${name}>${writeMembers(shape, value)}</${name}>`;
    case 'list': {
      const { item } = shape;
      if (item === undefined) return '';
      const flat = member.flattened || shape.flattened;
      const itemName = flat ? name : item.wireName;
      const items = (value as unknown[]).map((one) => writeMember(item, itemName, one)).join('');
      return flat ? items : `<${name}>${items}</${name}>`;
    }
    case 'map': {
      const flat = member.flattened || shape.flattened;
      const entry = flat ? name : 'entry';
      const { key, value: inner } = shape;
      if (key === undefined || inner === undefined) return '';
      const entries = Object.entries(value as object)
        .map(([k, v]) => `<${entry}>${element(key.wireName, k)}${writeMember(inner, inner.wireName, v)}</${entry}>`)
        .join('');
      return flat ? entries : `<${name}>${entries}</${name}>`;
    }
    default:
      return element(name, writeText(member, value, 'iso8601'));
  }
}

/** A scalar as text: for XML, headers and the query. */
export function writeText(
  reference: Pick<Member, 'shape' | 'timestampFormat'>,
  value: unknown,
  format: TimestampFormat,
): string {
  switch (reference.shape.type) {
    case 'timestamp':
      return String(writeTimestamp(value as Date, formatOf(reference, format)));
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64');
    default:
      return String(value);
  }
}
