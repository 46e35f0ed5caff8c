/** What a transform job says of one object in its data log. */
export interface ObjectFailure {
  /** `bucket/key` */
  object: string;
  /** Why, as the container or SageMaker says, on one line. */
  reason: string;
}

/** `2026-11-30T01:02:03.004:[sagemaker logs]: bucket/key: words` (facts 16.3). */
const LINE = /^\S+:\[sagemaker logs\]: (.*)$/s;
const LONGEST = 300;

/**
 * Why objects failed, by object, of the lines of a data log. A failure is told on several lines: what happened, a line that
 * says that a message follows, and the message. Pure.
 * @param lines oldest first
 * @param objects `bucket/key` of those that have no output: a key may hold a colon, so that only they tell where it ends
 */
export function failuresIn(lines: readonly string[], objects: readonly string[]): ObjectFailure[] {
  const said = new Map<string, string[]>();
  // The longest first: one key may begin with another.
  const known = objects.toSorted((a, b) => b.length - a.length);
  for (const line of lines) {
    const words = LINE.exec(line)?.[1];
    if (words === undefined) continue;
    const object = known.find((one) => words.startsWith(`${one}:`));
    if (object === undefined) continue;
    const rest = words.slice(object.length + 1).trim();
    if (rest !== '' && !/^Message:$/i.test(rest)) said.set(object, [...(said.get(object) ?? []), rest]);
  }
  return objects.flatMap((object) => {
    const all = [...new Set(said.get(object) ?? [])];
    return all.length === 0 ? [] : [{ object, reason: shortened(all.join('; ').replace(/\s+/g, ' ')) }];
  });
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
