/**
 * The region that the SDK finds by itself: the profile's in the shared config file.
 * @returns undefined where none is set
 */
export async function defaultRegion(profile: string | undefined): Promise<string | undefined> {
  const { STSClient } = await import('./sdk/sts.ts');
  const client = new STSClient(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch {
    // The SDK has no gentler way to say that there is none.
    return undefined;
  } finally {
    client.destroy();
  }
}
