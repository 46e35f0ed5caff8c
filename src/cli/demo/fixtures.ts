import { fileURLToPath } from 'node:url';

/** The path of a file that the package ships, below `fixtures`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, packageRelative()));
}

/** A URL directly in the package's `src/` or `dist/`, wherever the bundler has put this module. */
function packageRelative(): string {
  const here = import.meta.url;
  const top = Math.max(here.lastIndexOf('/src/'), here.lastIndexOf('/dist/'));
  return `${here.slice(0, top)}/dist/`;
}
