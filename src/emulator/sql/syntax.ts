import { notBuiltHere, QueryFailure } from './failure.ts';
import { AGGREGATES, INTERNAL, OPERATORS, translate } from './functions.ts';
import { literal } from './hive-types.ts';
import { forDuckdb } from './statement.ts';
import { is, placeOf, syntaxError, tokensOf } from './tokens.ts';
import { type Call, call, cast, castTo, constant, isCall, isNode, type Node } from './tree.ts';

/** A SELECT of Trino's as DuckDB runs it. */
export interface Translated {
  /** Of DuckDB; tables lie in `schemaOf` their databases. */
  sql: string;
  /** Those that are read, each once; `place` is where the statement names it first. */
  tables: readonly { database: string; table: string; place: string }[];
}

/** The schema in DuckDB that stands for a database; `prefix` tells queries apart. */
export function schemaOf(prefix: string, database: string): string {
  return `${prefix}hive:${database}`;
}

interface Run {
  /** The one value of a statement. */
  (sql: string): Promise<string>;
}

/**
 * Puts a SELECT in DuckDB's terms: it is parsed by DuckDB, every function, cast and operator looked up among Trino's, and what
 * only DuckDB knows refused.
 *
 * @param run asks DuckDB
 * @param now what `current_timestamp` is, in ms
 * @throws QueryFailure
 */
export async function translateSelect(
  select: string,
  { database, now, run, prefix }: { database: string | undefined; now: number; run: Run; prefix: string },
): Promise<Translated> {
  const reply = await run(`SELECT json_serialize_sql(${literal(forDuckdb(select))})`);
  const tree = JSON.parse(keepNumbers(reply)) as {
    error: boolean;
    error_message?: string;
    statements?: { node: Node }[];
  };
  if (tree.error || tree.statements?.length !== 1)
    throw syntaxError(
      select,
      0,
      `${tree.error_message ?? 'one statement alone'} (as the emulator's own engine reads it)`,
    );
  const walk = new Walk(select, { database, now, prefix });
  const [statement] = tree.statements;
  const node = walk.query(named(statement?.node ?? {}), new Set());
  const translated = { ...tree, statements: [{ ...statement, node }] };
  const sql = await run(`SELECT json_deserialize_sql(${literal(freeNumbers(JSON.stringify(translated)))})`);
  return { sql, tables: [...walk.tables.values()] };
}

const NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Numbers that JavaScript would round or print otherwise, as marked texts. */
function keepNumbers(json: string): string {
  return json.replace(NUMBER, (found) => (/^(?:"|-?\d{1,15}$)/.test(found) ? found : `"\\u0001${found}"`));
}

function freeNumbers(json: string): string {
  return json.replace(/"\\u0001(-?\d[\d.eE+-]*)"/g, '$1');
}

/** DuckDB prints 1e0 as 1.0, which is a decimal. */
function doubled(node: Node): Node {
  const { type, value } = node.value as { type: { id: string }; value: unknown };
  if (type.id !== 'DOUBLE') return node;
  return { ...cast(constant(String(value).replace('\u0001', '')), 'DOUBLE'), alias: node.alias };
}

/** Names the columns of a query that have no name, as Trino does. */
function named(node: Node): Node {
  if (isNode(node.left)) return { ...node, left: named(node.left) };
  if (!Array.isArray(node.select_list)) return node;
  const list = (node.select_list as Node[]).map((one, index) =>
    one.alias === '' && one.class !== 'COLUMN_REF' && one.class !== 'STAR' ? { ...one, alias: `_col${index}` } : one,
  );
  return { ...node, select_list: list };
}

class Walk {
  readonly tables = new Map<string, { database: string; table: string; place: string }>();
  readonly #select: string;
  readonly #database: string | undefined;
  readonly #now: number;
  readonly #prefix: string;

  constructor(
    select: string,
    { database, now, prefix }: { database: string | undefined; now: number; prefix: string },
  ) {
    this.#prefix = prefix;
    this.#select = select;
    this.#database = database;
    this.#now = now;
    const tokens = tokensOf(select);
    for (const [index, { text, kind }] of tokens.entries()) {
      const name = text.toLowerCase();
      if (kind === 'word' && INTERNAL.has(name) && is(tokens[index + 1], '('))
        throw new QueryFailure('FUNCTION_NOT_FOUND', `${placeOf(select, name)}: Function '${name}' not registered`);
    }
  }

  /** A query and all below it; `names` are those of WITH that it may use. */
  query(node: Node, names: ReadonlySet<string>): Node {
    const map = (node.cte_map as { map: { key: string; value: Node }[] } | undefined)?.map ?? [];
    let known = names;
    const named = map.map(({ key, value }) => {
      const query = value.query as { node: Node };
      if (query.node.type === 'RECURSIVE_CTE_NODE') throw notBuiltHere('WITH RECURSIVE');
      const one = { key, value: { ...value, query: { ...query, node: this.query(query.node, known) } } };
      known = new Set([...known, key.toLowerCase()]);
      return one;
    });
    const rest = Object.entries(node).filter(([member]) => member !== 'cte_map');
    this.#refuse(node);
    return {
      ...Object.fromEntries(rest.map(([member, value]) => [member, this.#any(value, known)])),
      cte_map: { map: named },
    };
  }

  #any(value: unknown, names: ReadonlySet<string>): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#any(one, names));
    return isNode(value) ? this.#node(value, names) : value;
  }

  #node(node: Node, names: ReadonlySet<string>): Node {
    if ('cte_map' in node) return this.query(node, names);
    if (node.type === 'BASE_TABLE') return this.#table(node, names);
    if (node.type === 'TABLE_FUNCTION') return this.#tableFunction(node, names);
    this.#refuse(node);
    const gone = Object.fromEntries(Object.entries(node).map(([member, value]) => [member, this.#any(value, names)]));
    if (isCall(node)) return this.#call(gone as Call);
    if (node.class === 'CAST') return this.#cast(gone);
    if (node.class === 'WINDOW') return this.#window(gone);
    if (node.class === 'COLUMN_REF') return this.#column(gone);
    if (node.class === 'CONSTANT') return doubled(gone);
    if (node.type === 'ARRAY_EXTRACT') {
      const [from = constant(''), index = constant('')] = gone.children as Node[];
      const isKey = index.class === 'CONSTANT' && (index.value as { type: { id: string } }).type.id === 'VARCHAR';
      return { ...call(isKey ? 'trino_map_subscript' : 'trino_subscript', [from, index]), alias: node.alias };
    }
    return gone;
  }

  #call(node: Call): Node {
    const name = node.function_name.toLowerCase();
    if (name === 'now' && node.children.length === 0)
      return { ...this.#moment('TIMESTAMP WITH TIME ZONE'), alias: node.alias };
    if (name === 'unnest') throw this.#only('unnest outside of FROM');
    if (node.is_operator && name !== '/' && name !== '%') {
      if (!OPERATORS.has(name)) throw this.#only(`the operator ${name}`);
      return node;
    }
    return translate(node, placeOf(this.#select, name));
  }

  #window(node: Node): Node {
    const name = String(node.function_name).toLowerCase();
    const found = translate(call(name, (node.children as Node[]) ?? []), placeOf(this.#select, name));
    if (!isCall(found) || found.filter !== null || found.distinct) throw notBuiltHere(`${name} over a window`);
    return { ...node, function_name: found.function_name, children: found.children };
  }

  #cast(node: Node): Node {
    const to = castTo(node).toUpperCase();
    const child = node.child as Node;
    // A literal: DATE '2026-01-05', and what is made of it.
    if (to === 'JSON') {
      if (node.try_cast === true) throw notBuiltHere('TRY_CAST to JSON');
      return { ...call('to_json', [child]), alias: node.alias };
    }
    if (to !== 'VARCHAR' || child.class === 'CONSTANT') return node;
    return { ...call('trino_text', [child]), alias: node.alias };
  }

  #column(node: Node): Node {
    const names = node.column_names as string[];
    const [name = ''] = names;
    if (names.length > 1) return node;
    switch (name.toLowerCase()) {
      case 'current_timestamp':
        return { ...this.#moment('TIMESTAMP WITH TIME ZONE'), alias: node.alias };
      case 'current_date':
        return { ...cast(this.#moment('TIMESTAMP'), 'DATE'), alias: node.alias };
      default:
        return node;
    }
  }

  #moment(type: string): Node {
    const text = new Date(this.#now).toISOString();
    return cast(constant(type === 'TIMESTAMP' ? text.slice(0, -1) : text), type);
  }

  #table(node: Node, names: ReadonlySet<string>): Node {
    const table = String(node.table_name).toLowerCase();
    const [catalog, schema] = [String(node.catalog_name).toLowerCase(), String(node.schema_name).toLowerCase()];
    if (node.sample !== null) throw notBuiltHere('TABLESAMPLE');
    if (schema === '' && names.has(table)) return node;
    if (catalog !== '' && catalog !== 'awsdatacatalog') throw notBuiltHere(`the catalogue ${catalog}`);
    const database = schema === '' ? this.#database?.toLowerCase() : schema;
    if (database === undefined)
      throw new QueryFailure(
        'MISSING_SCHEMA_NAME',
        `${placeOf(this.#select, table)}: Schema must be specified when session schema is not set`,
      );
    this.tables.set(`${database}.${table}`, { database, table, place: placeOf(this.#select, table) });
    const alias = node.alias === '' ? table : node.alias;
    return { ...node, catalog_name: '', schema_name: schemaOf(this.#prefix, database), table_name: table, alias };
  }

  #tableFunction(node: Node, names: ReadonlySet<string>): Node {
    const inner = node.function as Call;
    if (inner.function_name.toLowerCase() !== 'unnest') throw this.#only(`${inner.function_name}(…) in FROM`);
    if (inner.children.length !== 1) throw notBuiltHere('UNNEST of several arrays');
    const children = inner.children.map((child) => this.#node(child, names));
    return { ...node, function: { ...inner, children } };
  }

  /** Throws where DuckDB's SQL has what Trino's has not, or what is not built. */
  #refuse(node: Node): void {
    const has = (member: string) => Array.isArray(node[member]) && node[member].length > 0;
    if (
      node.class === 'STAR' &&
      (has('exclude_list') || has('replace_list') || has('rename_list') || node.columns === true)
    )
      throw this.#only('* with EXCLUDE, REPLACE or COLUMNS');
    if (node.type === 'DISTINCT_MODIFIER' && has('distinct_on_targets')) throw this.#only('DISTINCT ON');
    if (node.type === 'SELECT_NODE') this.#refuseOrder(node);
    if (isNode(node.qualify)) throw this.#only('QUALIFY');
    if (node.aggregate_handling === 'FORCE_AGGREGATES') throw this.#only('GROUP BY ALL');
    if (node.type === 'SET_OPERATION_NODE' && node.setop_type === 'UNION_BY_NAME') throw this.#only('UNION BY NAME');
    if (node.type === 'JOIN' && ['SEMI', 'ANTI'].includes(String(node.join_type)))
      throw this.#only(`${String(node.join_type)} JOIN`);
    if (node.type === 'JOIN' && ['ASOF', 'POSITIONAL'].includes(String(node.ref_type)))
      throw this.#only(`${String(node.ref_type)} JOIN`);
    if (node.type === 'ARRAY_SLICE') throw this.#only('slices of arrays');
    if (node.type === 'PIVOT' || node.type === 'SHOW_REF') throw this.#only('PIVOT and DESCRIBE in FROM');
    if (node.type === 'RECURSIVE_CTE_NODE') throw notBuiltHere('WITH RECURSIVE');
    if (node.type === 'LIMIT_PERCENT_MODIFIER') throw this.#only('LIMIT in percent');
  }

  /** An aggregate in ORDER BY may name columns of what is read, and none of the result: DuckDB takes both. */
  #refuseOrder(node: Node): void {
    const names = new Set((node.select_list as Node[]).map(({ alias }) => String(alias).toLowerCase()));
    const within = (value: unknown, isAggregate: boolean): boolean => {
      if (Array.isArray(value)) return value.some((one) => within(one, isAggregate));
      if (!isNode(value)) return false;
      const [name, ...more] = Array.isArray(value.column_names) ? (value.column_names as string[]) : [];
      if (isAggregate && name !== undefined && more.length === 0 && names.has(name.toLowerCase())) return true;
      const inside = isAggregate || (isCall(value) && AGGREGATES.has(value.function_name.toLowerCase()));
      return Object.values(value).some((one) => within(one, inside));
    };
    const orders = (node.modifiers as Node[]).filter(({ type }) => type === 'ORDER_MODIFIER');
    if (within(orders, false))
      throw new QueryFailure(
        'COLUMN_NOT_FOUND',
        'Invalid reference to output projection attribute from ORDER BY aggregation',
      );
  }

  #only(what: string): QueryFailure {
    return syntaxError(this.#select, 0, `Trino's SQL has not ${what}`);
  }
}
