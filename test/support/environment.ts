/**
 * Remembers the process's environment; the function it returns puts it back. The object stays the same one: files share
 * a worker, and whoever took hold of it earlier (`vi.unstubAllEnvs` did) would clean up another than `process.env`.
 */
export function rememberEnvironment(): () => void {
  const before = { ...process.env };
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}
