/** A node of a statement as DuckDB's `json_serialize_sql` writes it. */
export interface Node {
  [member: string]: unknown;
}

export interface Call extends Node {
  class: 'FUNCTION';
  function_name: string;
  children: Node[];
  filter: Node | null;
  distinct: boolean;
  is_operator: boolean;
  order_bys: { orders: Node[] };
}

/** Is this a node of the tree: an object, not a list? */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Is this the call of a function, operators included? */
export function isCall(node: Node): node is Call {
  return node.class === 'FUNCTION';
}

/** A call of a function of DuckDB's. */
export function call(name: string, children: readonly Node[], more: Partial<Call> = {}): Call {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias: '',
    query_location: 0,
    function_name: name,
    schema: '',
    catalog: '',
    children: [...children],
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] } as Call['order_bys'],
    distinct: false,
    is_operator: false,
    export_state: false,
    ...more,
  };
}

/** A call of a function of two operands that is written between them. */
export function operator(name: string, left: Node, right: Node): Call {
  return call(name, [left, right], { is_operator: true });
}

/** A cast as DuckDB's serialized syntax tree has it. @param isTried TRY_CAST: null where it fails */
export function cast(child: Node, type: string, isTried = false): Node {
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    alias: '',
    query_location: 0,
    child,
    cast_type: { id: type, type_info: null },
    try_cast: isTried,
  };
}

/** A constant as DuckDB's serialized syntax tree has it. */
export function constant(value: string | number): Node {
  const id = typeof value === 'number' ? 'INTEGER' : 'VARCHAR';
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    query_location: 0,
    value: { type: { id, type_info: null }, is_null: false, value },
  };
}

/** The name of what a `CAST` is to: `JSON`, `VARCHAR`; of types that are made of others only the outermost. */
export function castTo(node: Node): string {
  const type = node.cast_type as { id: string; type_info: { alias?: string; name?: string } | null };
  return type.id === 'UNBOUND' ? (type.type_info?.name ?? '') : type.type_info?.alias || type.id;
}
