/** Why a query fails, as Trino and Athena name it. */
export class QueryFailure extends Error {
  /** `TABLE_NOT_FOUND`, `HIVE_CURSOR_ERROR` */
  readonly code: string;

  /** @param message without the code */
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'QueryFailure';
    this.code = code;
  }
}

/** What the emulator's own engine has not, and Athena may have: said so, by name. */
export function notBuiltHere(what: string): QueryFailure {
  return new QueryFailure(
    'NOT_SUPPORTED',
    `the emulator's own engine has not built ${what}. A real Trino runs it: shadowctl emulator start --trino URL`,
  );
}
