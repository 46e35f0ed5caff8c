import type { Renderer } from './report.ts';

export const FORMATS = ['text', 'json', 'markdown', 'junit', 'html'] as const;
export type Format = (typeof FORMATS)[number];

/** Each rendering, loaded when it is asked for. */
export const renderers: Record<Format, () => Promise<Renderer>> = {
  text: async () => (await import('./terminal/terminal.ts')).renderTerminal,
  json: async () => (await import('./json.ts')).renderJson,
  markdown: async () => (await import('./markdown.ts')).renderMarkdown,
  junit: async () => (await import('./junit.ts')).renderJunit,
  html: async () => (await import('./html/html.ts')).renderHtml,
};
