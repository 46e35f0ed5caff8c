import type { Dialect } from '../sql/dialect.ts';
import type { Questions, Row } from '../sql/questions.ts';
import type { Warehouse, WarehouseQuestion } from './warehouse.ts';

/** A number as JavaScript writes it: Java reads 1d and 2f as numbers, too. */
const NUMBER = String.raw`\A\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*\z`;

/** Inputs are known by 16 hexadecimal digits of a hash. */
const ATHENA: Dialect = {
  hash: 'md5',
  lot: "md5(to_utf8(key || '#' || cast(place as varchar)))",
  inputBelow: (below) => (below >= 1n << 64n ? 'true' : `input < '${below.toString(16).padStart(16, '0')}'`),
  inputHash: (value) => BigInt(`0x${String(value)}`).toString(),
  numberOf: (text) => `case when regexp_like(${text}, '${NUMBER}') then try_cast(${text} as double) end`,
};

/** Awaits that lie between an answer and the question that follows from it. */
const TURNS = 16;

/** Asks a warehouse, whose statements carry with them what was defined before. */
export class WarehouseQuestions implements Questions {
  readonly dialect = ATHENA;
  readonly #warehouse: Warehouse;
  readonly #defined = new Map<string, string>();
  #waiting: { question: WarehouseQuestion; resolve: (rows: Row[]) => void; reject: (error: unknown) => void }[] = [];
  #isAsking = false;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Says what a name stands for; nothing is run. */
  define(name: string, select: string): Promise<void> {
    this.#defined.set(name, plain(select));
    return Promise.resolve();
  }

  view(name: string, select: string): Promise<void> {
    return this.define(name, select);
  }

  /** What is asked before an answer has come goes out together, as soon as that one has. */
  rows(sql: string, about = 'compares answers'): Promise<Row[]> {
    const question = { sql: this.whole(sql), about };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (!this.#isAsking) {
        this.#isAsking = true;
        queueMicrotask(() => void this.#ask());
      }
    });
  }

  async #ask(): Promise<void> {
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0);
      try {
        const found = await this.#warehouse.rows(asked.map(({ question }) => question));
        for (const [i, { resolve }] of asked.entries()) resolve(found[i] ?? []);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
      // Whoever had to wait for these has asked by the end of this turn.
      for (let turns = 0; turns < TURNS; turns += 1) await Promise.resolve();
    }
    this.#isAsking = false;
  }

  /** A statement with what its names stand for. */
  whole(sql: string): string {
    const statement = plain(sql);
    // Each name behind those that it stands on.
    const parts: string[] = [];
    const needed = new Set<string>();
    const need = (text: string) => {
      for (const [name, select] of this.#defined) {
        if (needed.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue;
        needed.add(name);
        need(select);
        parts.push(`${name} as (\n${select}\n)`);
      }
    };
    need(statement);
    if (parts.length === 0) return statement;
    const own = /^with\s+/i.exec(statement)?.[0];
    return own === undefined
      ? `with ${parts.join(', ')}\n${statement}`
      : `with ${parts.join(', ')}, ${statement.slice(own.length)}`;
  }
}

/** Without comments and the semicolon. */
function plain(sql: string): string {
  return sql
    .replaceAll(/^\s*--.*$\n?/gm, '')
    .trim()
    .replace(/;$/, '');
}
