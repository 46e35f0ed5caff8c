/** Breaks prose into lines of at most `width`, every line after the first indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  // A number stays with its unit and its thousands, `shadowctl` with its command and the first flag.
  for (const word of text
    .slice(lead.length)
    .split(/ (?<!\bshadowctl (?:[a-z]+ (?:detach )?(?=--|…|detach))?)(?!%)(?!(?<=\d )\d{3}(?!\d))/)) {
    const start = lines.length === 0 ? lead : indent;
    if (line !== '' && start.length + line.length + 1 + word.length > width) {
      lines.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? lead : indent) + line];
}

/** A command line to be copied: it is never broken. */
export function isCommand(text: string): boolean {
  return /^(aws|shadowctl) /.test(text);
}
