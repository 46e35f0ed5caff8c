/** The headings of an HTML report, in their order, as a reader sees them. */
export function sectionsOf(html: string): string[] {
  return [...html.matchAll(/<h2[^>]*>([^]*?)<\/h2>/g)].map(([, title = '']) =>
    title
      .replace(/<span[^>]*>[^<]*<\/span>/g, '')
      .replace(/<[^>]+>/g, '')
      .trim(),
  );
}
