import type { PemResult } from './pem.ts';

/** RFC 9110 section 5.6.2. */
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([ -~]*)$/;

/** Headers, one `Name: value` a line. Empty lines and those that begin with # say nothing. A problem names no value. */
export function parseHeaderLines(text: string): PemResult<Readonly<Record<string, string>>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line.trimEnd()) ?? [];
    if (name === undefined || value === undefined) {
      return { ok: false, problem: `has no header at line ${index + 1}; write one "Name: value" a line, in ASCII` };
    }
    headers[name] = value;
  }
  return { ok: true, value: headers };
}
