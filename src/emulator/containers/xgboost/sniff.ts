/** Python's preference where several characters could be the delimiter (csv.Sniffer.preferred). */
const PREFERRED = [',', '\t', ';', ' ', ':'];

/**
 * The delimiter that the image finds in a payload: csv.Sniffer on the first 512 characters of the first line, a letter
 * or digit replaced by a comma. On a single line every character counts as consistent, so that the preferred ones win,
 * and otherwise the most frequent. Undefined where Python raises "Could not determine delimiter".
 */
export function sniffDelimiter(payload: string): string | undefined {
  const end = payload.indexOf('\n');
  const line = payload.slice(0, Math.min(end < 0 ? payload.length : end, 512));
  const counts = new Map<string, number>();
  for (const character of line) {
    if (character.charCodeAt(0) < 127) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const preferred = PREFERRED.find((character) => counts.has(character));
  if (preferred && counts.size > 1) return preferred;
  const [winner] = [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] > a[0]) ? b : a));
  return /^[0-9A-Za-z]$/.test(winner) ? ',' : winner;
}
