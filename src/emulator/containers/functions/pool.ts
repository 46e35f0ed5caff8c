import { type Sandbox, type SandboxSpec, startSandbox } from './sandbox.ts';

/** The processes of functions: as many of each as it answers events at once; one that is idle takes the next. */
export interface SandboxPool {
  /**
   * Runs `work` with a sandbox of this key, which nobody else uses meanwhile. `expires` is when it must not be used any
   * longer (its credentials end), in ms since the epoch.
   */
  use<T>(
    key: string,
    now: number,
    make: () => Promise<{ spec: SandboxSpec; expires: number }>,
    work: (sandbox: Sandbox) => Promise<T>,
  ): Promise<T>;
  /** How many events are under way whose key begins so. */
  busy(prefix: string): number;
  /** Ends the idle sandboxes whose key begins so; those under way end after their event. */
  retire(prefix: string): Promise<void>;
  stopAll(): Promise<void>;
}

interface Kept {
  key: string;
  sandbox: Sandbox;
  expires: number;
  retired: boolean;
}

/** Keeps the processes of functions between their events, as Lambda keeps its execution environments. */
export function createSandboxPool(): SandboxPool {
  const idle: Kept[] = [];
  const working = new Set<Kept>();
  const starting = new Map<symbol, string>();
  let closed = false;
  const take = async (key: string, now: number): Promise<Kept | undefined> => {
    for (;;) {
      const at = idle.findIndex((one) => one.key === key);
      const [found] = at < 0 ? [] : idle.splice(at, 1);
      if (found === undefined || (found.sandbox.alive() && now < found.expires)) return found;
      await found.sandbox.stop();
    }
  };
  return {
    async use(key, now, make, work) {
      if (closed) throw new Error('The emulator is being closed.');
      const mark = Symbol(key);
      starting.set(mark, key);
      let kept: Kept;
      try {
        const found = await take(key, now);
        if (found === undefined) {
          const { spec, expires } = await make();
          kept = { key, sandbox: await startSandbox(spec), expires, retired: false };
        } else kept = found;
      } finally {
        starting.delete(mark);
      }
      working.add(kept);
      try {
        if (closed) throw new Error('The emulator is being closed.');
        return await work(kept.sandbox);
      } finally {
        working.delete(kept);
        if (closed || kept.retired || !kept.sandbox.alive()) await kept.sandbox.stop();
        else idle.push(kept);
      }
    },
    busy: (prefix) =>
      [...working].filter(({ key }) => key.startsWith(prefix)).length +
      [...starting.values()].filter((key) => key.startsWith(prefix)).length,
    async retire(prefix) {
      for (const one of working) if (one.key.startsWith(prefix)) one.retired = true;
      const gone = idle.filter(({ key }) => key.startsWith(prefix));
      for (const one of gone) idle.splice(idle.indexOf(one), 1);
      await Promise.all(gone.map(({ sandbox }) => sandbox.stop()));
    },
    async stopAll() {
      closed = true;
      await Promise.all([...idle.splice(0), ...working].map(({ sandbox }) => sandbox.stop()));
    },
  };
}
