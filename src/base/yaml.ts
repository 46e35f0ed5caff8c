import { parse, parseAllDocuments, stringify, YAMLParseError } from 'yaml';
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
