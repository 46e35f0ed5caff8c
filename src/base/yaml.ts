import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parse,
  parseAllDocuments,
  parseDocument,
  stringify,
  YAMLParseError,
} from 'yaml';
import { usageError } from './errors.ts';

// Loaded by dynamic import, because `yaml` is slow to load. It is a file of its own because a dynamic import of a
// CommonJS package has no named exports once it is bundled.

/**
 * What a YAML text holds; an empty one holds no keys.
 * @param file named in the error
 * @throws Problem (usage) with the parser's own message, which names the line
 */
export function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    // Aliases of aliases without end: the parser refuses them by an error of the language.
    if (error instanceof ReferenceError)
      throw usageError(
        `${file} cannot be read: ${error.message}.`,
        'Write its values out, without aliases (*name).',
        error,
      );
    if (!(error instanceof YAMLParseError)) throw error;
    throw usageError(`${file} is not valid YAML: ${error.message.trimEnd()}`, 'Fix the line named above.', error);
  }
}

/**
 * What each of the documents of a YAML text holds.
 * @param file named in the error
 * @throws Problem (usage) with the parser's own message
 */
export function parseYamlDocuments(text: string, file: string): unknown[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error === undefined) return document.toJS() as unknown;
    throw usageError(`${file} is not valid YAML: ${error.message.trimEnd()}`, 'Fix the line named above.', error);
  });
}

/** Values as the documents of one YAML text. */
export function yamlText(documents: readonly unknown[]): string {
  return documents.map((one) => stringify(one, { aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n');
}

/**
 * What a YAML text with tags of its own holds (`!Ref Name`): `tagged` makes a value of what carries a tag.
 * @param file named in the error
 * @throws Problem (usage) with the parser's own message
 */
export function parseTaggedYaml(text: string, file: string, tagged: (tag: string, value: unknown) => unknown): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined)
    throw usageError(`${file} is not valid YAML: ${error.message.trimEnd()}`, 'Fix the line named above.', error);
  const valueOf = (node: unknown): unknown => {
    if (isAlias(node)) throw usageError(`${file} has an alias (*${node.source}).`, 'Write its value out.');
    let value: unknown;
    if (isMap(node))
      value = Object.fromEntries(
        node.items.map((pair) => [String(isScalar(pair.key) ? pair.key.value : pair.key), valueOf(pair.value)]),
      );
    else if (isSeq(node)) value = node.items.map(valueOf);
    else value = isScalar(node) ? node.value : node;
    const { tag } = (node ?? {}) as { tag?: string };
    return tag?.startsWith('!') === true && tag !== '!' ? tagged(tag.slice(1), value) : value;
  };
  return valueOf(document.contents);
}
