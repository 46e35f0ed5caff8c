/** IAM's wildcards: `*` any text, `?` any one character. */
export function globMatches(pattern: string, text: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^]*')
    .replace(/\?/g, '[^]');
  return new RegExp(`^${source}$`, ignoreCase ? 'i' : '').test(text);
}

/**
 * Does the pattern of a policy's Resource match an ARN? Wildcards stay within the parts between colons, and parts that
 * are missing at the end are any (IAM User Guide, "IAM JSON policy elements: Resource"). `*` alone matches everything,
 * and is the only pattern that matches an action without a resource.
 */
export function resourceMatches(pattern: string, resource: string): boolean {
  if (pattern === '*') return true;
  if (resource === '*') return false;
  const asked = arnParts(pattern);
  const given = arnParts(resource);
  return given.every((part, index) => globMatches(asked[index] ?? '*', part));
}

/** Partition, service, region, account, and the rest, which may hold colons. */
function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
