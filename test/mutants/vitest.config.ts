import { defineConfig, mergeConfig } from 'vitest/config';
import base, { ALONE } from '../vitest.config.ts';

/** The tests of one room, which `run.ts` names: those that reach a room by chance would make each mutant slow. */
const tests = process.env.MUTANTS_TESTS?.split(' ') ?? [];

export default mergeConfig(
  { ...base, test: { ...base.test, projects: undefined, include: [] } },
  // Those that need a worker of their own fail where all share one.
  defineConfig({ test: { include: tests, exclude: ALONE, maxWorkers: 1 } }),
);
