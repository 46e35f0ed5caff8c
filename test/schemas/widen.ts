type Schema = { [word: string]: unknown };

/**
 * The schema with every member of this value that it does not describe, as its kind; nothing is taken away. For whoever has
 * added a field: a description is written by hand.
 */
export function widen(schema: Schema, value: unknown, root: Schema = schema): void {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/$defs/', '');
    return widen((root.$defs as Record<string, Schema>)[name] ?? {}, value, root);
  }
  const branches = schema.anyOf as Schema[] | undefined;
  if (branches !== undefined) {
    const [best] = branches.toSorted((a, b) => likeness(b, value, root) - likeness(a, value, root));
    return best === undefined ? undefined : widen(best, value, root);
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return;
    schema.items ??= kindOf(value[0]);
    for (const one of value) widen(schema.items as Schema, one, root);
    return;
  }
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return;
  const properties = schema.properties as Record<string, Schema>;
  for (const [name, inner] of Object.entries(value)) {
    properties[name] ??= kindOf(inner);
    widen(properties[name], inner, root);
  }
}

function kindOf(value: unknown): Schema {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: 'array' };
  return typeof value === 'object' ? { type: 'object', properties: {} } : { type: typeof value };
}

/** How many members of the value a branch describes, less those that it demands and the value lacks. */
function likeness(schema: Schema, value: unknown, root: Schema): number {
  if (typeof schema.$ref === 'string')
    return likeness((root.$defs as Record<string, Schema>)[schema.$ref.replace('#/$defs/', '')] ?? {}, value, root);
  if (Array.isArray(schema.anyOf))
    return Math.max(...(schema.anyOf as Schema[]).map((branch) => likeness(branch, value, root)));
  if (Array.isArray(value)) return schema.type === 'array' ? 1 : -1;
  if (typeof value !== 'object' || value === null) return schema.type === 'object' || schema.type === 'array' ? -1 : 0;
  if (schema.type === 'array') return -1;
  const described = Object.keys((schema.properties as object | undefined) ?? {});
  const required = (schema.required as string[] | undefined) ?? [];
  return described.filter((name) => name in value).length - 10 * required.filter((name) => !(name in value)).length;
}
