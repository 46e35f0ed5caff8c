/**
 * The URL of a file of the installed package, such as `docs/judging.md`. `src/` and `dist/` both lie directly in the
 * package, wherever the bundler has put this module.
 */
export function packageFile(path: string): URL {
  const here = import.meta.url;
  const top = Math.max(here.lastIndexOf('/src/'), here.lastIndexOf('/dist/'));
  return new URL(`${here.slice(0, top)}/${path}`);
}
