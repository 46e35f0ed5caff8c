/** When something that happens by itself is next due, by its id. Times are milliseconds since the epoch. */
export interface Agenda {
  /** undefined: it is not due any more. */
  set(id: string, dueAt: number | undefined): void;
  next(): number | undefined;
  /** The ids of what is due by `at`, the earliest first. */
  due(at: number): string[];
}

/** Keeps when something is due of each record, by id. Times in milliseconds since the epoch. */
export function createAgenda(): Agenda {
  const waiting = new Map<string, number>();
  return {
    set(id, dueAt) {
      if (dueAt === undefined) waiting.delete(id);
      else waiting.set(id, dueAt);
    },
    next() {
      let next: number | undefined;
      for (const dueAt of waiting.values()) if (next === undefined || dueAt < next) next = dueAt;
      return next;
    },
    due: (at) =>
      [...waiting]
        .filter(([, dueAt]) => dueAt <= at)
        .sort(([, a], [, b]) => a - b)
        .map(([id]) => id),
  };
}
