import { readTest, readValue, type Value } from './expression.ts';
import { readExtraction } from './parse.ts';
import { type Row, shown } from './row.ts';
import { naturalOrder } from './sort.ts';
import { malformed, Reader, unknown, type Token } from './tokens.ts';

/** Rows of a result: field and value, in order. `row` is the event; undefined for what `stats` counted. */
interface ResultRow {
  fields: [name: string, value: string][];
  row: Row | undefined;
}

/** What is left of the events, command after command. */
interface State {
  rows: Row[];
  /** After `stats`. */
  groups: Map<string, string>[] | undefined;
  limit: number | undefined;
}

/** A query that was understood. */
interface Query {
  /** @returns the rows, `matched` before any limit; `limit` is that of StartQuery, which gives way to the command's */
  run(rows: readonly Row[], limit: number): { results: ResultRow[]; matched: number };
}

const MAX_LIMIT = 100_000;

/** Reads a query of the Logs Insights query language. @throws MalformedQueryException */
export function readQuery(text: string): Query {
  const reader = new Reader(text);
  const steps: ((state: State) => void)[] = [];
  const columns = new Columns();
  let counted = false;
  do {
    const command = reader.take();
    const read = command.kind === 'word' ? COMMANDS[command.text.toLowerCase()] : undefined;
    if (read === undefined) throw unknown(command, `the command '${command.text}'`);
    if (counted && !/^(sort|limit)$/i.test(command.text)) throw unknown(command, `'${command.text}' after stats`);
    counted ||= command.text.toLowerCase() === 'stats';
    steps.push(read(reader, columns));
  } while (reader.skip('|'));
  const rest = reader.peek();
  if (rest !== undefined) throw malformed(`mismatched input '${rest.text}' expecting '|'`, rest.at, rest.end);
  return {
    run(all, limit) {
      const state: State = { rows: [...all], groups: undefined, limit: undefined };
      for (const step of steps) step(state);
      const most = state.limit ?? limit;
      if (state.groups !== undefined) {
        const results = state.groups.map((group) => ({ fields: [...group], row: undefined }));
        return { results: results.slice(0, most), matched: state.rows.length };
      }
      const names = columns.shown();
      const results = state.rows.slice(0, most).map((row) => ({
        row,
        fields: names.flatMap((name): [string, string][] => {
          const value = row.get(name);
          return value === undefined ? [] : [[name, shown(name, value)]];
        }),
      }));
      return { results, matched: state.rows.length };
    },
  };
}

/**
 * Which fields a result shows: those of `fields` and `parse`, unless `display` says. A name that a command has shown or
 * made cannot be made again (seen on AWS: trade-tariff/trade-tariff-backend#3464).
 */
class Columns {
  #fields: string[] = [];
  #parsed: string[] = [];
  #displayed: string[] | undefined;

  add(columns: readonly Column[]): void {
    for (const { name, value, token } of columns) {
      if (value !== undefined) this.#checkNew(name, token);
      this.#fields.push(name);
    }
  }
  made(names: readonly string[], token: Token): void {
    for (const name of names) {
      this.#checkNew(name, token);
      this.#parsed.push(name);
    }
  }
  #checkNew(name: string, { at, end }: Token): void {
    if (this.#fields.includes(name) || this.#parsed.includes(name))
      throw malformed(`the field ${name} is defined already`, at, end);
  }
  display(names: readonly string[]): void {
    this.#displayed = [...names];
  }
  /** Without `fields` and `display` a result shows the time and the message (docs, filter). */
  shown(): string[] {
    if (this.#displayed !== undefined) return [...new Set(this.#displayed)];
    const fields = this.#fields.length > 0 ? this.#fields : ['@timestamp', '@message'];
    return [...new Set([...fields, ...this.#parsed])];
  }
}

type Command = (reader: Reader, columns: Columns) => (state: State) => void;

const COMMANDS: Record<string, Command> = {
  fields(reader, columns) {
    const list = reader.list(() => readColumn(reader));
    columns.add(list);
    return (state) => make(state, list);
  },
  display(reader, columns) {
    const list = reader.list(() => readColumn(reader));
    columns.display(list.map((one) => one.name));
    return (state) => make(state, list);
  },
  filter(reader) {
    const test = readTest(reader);
    return (state) => {
      state.rows = state.rows.filter(test);
    };
  },
  parse(reader, columns) {
    const token = reader.here();
    const { names, apply } = readExtraction(reader);
    columns.made(names, token);
    return (state) => {
      for (const row of state.rows) apply(row);
    };
  },
  sort(reader) {
    const keys = reader.list(() => {
      const name = reader.name();
      const falling = reader.skip('desc');
      if (!falling) reader.skip('asc');
      return { name, falling };
    });
    return (state) => {
      const compare = (a: Pick<Map<string, string>, 'get'>, b: Pick<Map<string, string>, 'get'>) => {
        for (const { name, falling } of keys) {
          const order = naturalOrder(a.get(name), b.get(name));
          if (order !== 0) return falling ? -order : order;
        }
        return 0;
      };
      if (state.groups === undefined) state.rows.sort(compare);
      else state.groups.sort(compare);
    };
  },
  limit(reader) {
    const token = reader.take();
    const count = Number(token.text);
    if (token.kind !== 'number') throw unknown(token, `'limit ${token.text}'`);
    if (!Number.isInteger(count) || count < 1 || count > MAX_LIMIT)
      throw malformed(`limit must be between 1 and ${MAX_LIMIT}`, token.at, token.end);
    return (state) => {
      state.limit = Math.min(state.limit ?? count, count);
    };
  },
  stats(reader) {
    const counts = reader.list(() => readCount(reader));
    const by = reader.skip('by') ? reader.list(() => reader.name()) : [];
    return (state) => {
      const groups = new Map<string, { key: [string, string][]; rows: Row[] }>();
      if (by.length === 0) groups.set('', { key: [], rows: state.rows });
      else
        for (const row of state.rows) {
          const key = by.map((name): [string, string] => [name, shown(name, row.get(name) ?? '')]);
          const id = JSON.stringify(key);
          const group = groups.get(id);
          if (group === undefined) groups.set(id, { key, rows: [row] });
          else group.rows.push(row);
        }
      state.groups = [...groups.values()].map(
        ({ key, rows }) =>
          new Map([...key, ...counts.map(({ name, of }): [string, string] => [name, String(rows.filter(of).length)])]),
      );
    };
  },
};

/** `count(*)`, `count(field)`, each with `as name`. */
function readCount(reader: Reader): { name: string; of: (row: Row) => boolean } {
  const token = reader.take();
  if (token.text.toLowerCase() !== 'count') throw unknown(token, `the aggregation ${token.text}`);
  reader.expect('(');
  const all = reader.skip('*') || reader.next(')');
  const field = all ? '*' : reader.name();
  reader.expect(')');
  const name = reader.skip('as') ? reader.name() : `count(${field})`;
  return { name, of: (row) => all || row.get(field) !== undefined };
}

interface Column {
  name: string;
  /** Undefined for a field that is there under this name. */
  value: Value | undefined;
  token: Token;
}

function readColumn(reader: Reader): Column {
  const called = reader.next('(', 1);
  const token = reader.here();
  const value = readValue(reader);
  const alias = reader.skip('as') ? reader.name() : undefined;
  const plain = (token.kind === 'word' || token.kind === 'field') && !called;
  if (alias !== undefined) return { name: alias, value, token };
  if (plain) return { name: token.text, value: undefined, token };
  throw unknown(token, 'an expression without "as"');
}

function make(state: State, columns: readonly Column[]): void {
  for (const { name, value } of columns)
    if (value !== undefined) for (const row of state.rows) row.set(name, value(row));
}
