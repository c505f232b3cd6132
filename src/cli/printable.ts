/** Breaks of lines, of which a name could make lines of its own. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** A terminal obeys control characters (Cc); those of Cf make text look like another text, or hide it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}]/gu;

/** One line of somebody else's text, as it may go to a terminal: `\u{1b}` stands for an escape character. */
export function printableText(text: string): string {
  return text
    .replace(BREAKS, ' ')
    .replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}

/** The same of several lines, such as a message that lists what is wrong. */
export function printableLines(text: string): string {
  return text.split('\n').map(printableText).join('\n');
}

/**
 * A report with every text and key in it made printable. Whoever serves an extension API chooses names in discovery, a
 * server its condition, somebody else the names in a kubeconfig; reports are shown without looking at each.
 */
export function printable<T>(value: T): T {
  return mapped(value) as T;
}

function mapped(value: unknown): unknown {
  if (typeof value === 'string') return printableText(value);
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [printableText(key), mapped(each)]));
}
