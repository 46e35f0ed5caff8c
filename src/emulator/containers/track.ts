import type { Container, ContainerFactory } from './container.ts';

/** A factory that remembers what runs or starts: containers may be processes, and must not outlive the emulator. */
export function trackContainers(factory: ContainerFactory): { start: ContainerFactory; stopAll(): Promise<void> } {
  const running = new Set<Container>();
  const starting = new Set<Promise<Container>>();
  const closing = new AbortController();
  const begin = async (...[spec, log, signal]: Parameters<ContainerFactory>) => {
    const signals = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const made = factory(spec, log, signals);
    starting.add(made);
    try {
      return await made;
    } finally {
      starting.delete(made);
    }
  };
  return {
    async start(spec, log, signal) {
      const made = await begin(spec, log, signal);
      const container: Container = {
        ...made,
        stop() {
          running.delete(container);
          return made.stop();
        },
      };
      running.add(container);
      return container;
    },
    async stopAll() {
      closing.abort(new Error('The emulator was closed while the container started.'));
      await Promise.allSettled(starting);
      await Promise.allSettled([...running].map((container) => container.stop()));
    },
  };
}
