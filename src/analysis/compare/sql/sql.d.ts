/** SQL comes in as text: so says scripts/build.mjs, and for tests test/vitest.config.ts. */
declare module '*.sql' {
  const text: string;
  export default text;
}
