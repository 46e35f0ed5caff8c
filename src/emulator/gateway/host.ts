/**
 * The bucket in the host name of a virtual-host request: `bucket.localhost`, `bucket.s3.localhost`,
 * `bucket.s3.us-east-1.localhost`, `bucket.127.0.0.1`. Undefined for a path-style request. The port is ignored.
 */
export function bucketInHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  const suffix = ['.localhost', '.127.0.0.1'].find((one) => name.endsWith(one));
  if (suffix === undefined) return undefined;
  const prefix = name.slice(0, -suffix.length);
  if (/^s3(?:[.-]|$)/.test(prefix)) return undefined;
  return prefix.replace(/\.s3(?:[.-][a-z0-9-]+)?(?:\.amazonaws\.com)?$/, '');
}
