/** SQL comes in as text: esbuild's loader `.sql=text`, and the same in test/vitest.config.ts. */
declare module '*.sql' {
  const text: string;
  export default text;
}
