/** Whether a parsed value is an object with keys: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON in which no character moves a terminal that shows it: what JSON lets through as it is, it escapes. */
export function printable(json: string): string {
  // What a log of CI would obey, too: a string of JSON says the same with an escape.
  const words = json.replace(/##(?=(?:vso|teamcity)?\[)/g, '\\u0023#');
  return words.replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The value; undefined where the text is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
