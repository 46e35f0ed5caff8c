/** Files that the bundler takes in as text: see `loader` in scripts/build.mjs and the plugin in test/vitest.config.ts. */
declare module '*.inline.js' {
  const text: string;
  export default text;
}
declare module '*.txt' {
  const text: string;
  export default text;
}
declare module '*.iife.min.js' {
  const text: string;
  export default text;
}
