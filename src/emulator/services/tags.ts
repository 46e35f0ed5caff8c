/** Tags as AWS lists them, as the emulator keeps them: values by key. */
export function tagsOf(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Tags without those of these keys; a key that is not there is no mistake, as on AWS. */
export function tagsWithout(
  tags: Readonly<Record<string, string>> | undefined,
  keys: readonly string[] = [],
): Record<string, string> {
  return Object.fromEntries(Object.entries(tags ?? {}).filter(([key]) => !keys.includes(key)));
}
