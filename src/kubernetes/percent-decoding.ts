const PERCENT = 0x25;
const PLUS = 0x2b;

// Go keeps a byte order mark as part of the string.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Decodes percent escapes the way Go's net/url does for `URL.Path` (`plusIsSpace` false) and query values (true).
 * `text` is a string of bytes: one character per byte, as Node delivers a request target. The decoded bytes are read as
 * UTF-8; Go would keep bytes that are not UTF-8, here each such sequence becomes U+FFFD.
 *
 * Returns `undefined` when a `%` is not followed by two hexadecimal digits.
 */
export function percentDecode(text: string, plusIsSpace = false): string | undefined {
  if (isPlain(text, plusIsSpace)) return text;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let byte = text.charCodeAt(i);
    if (byte === PERCENT) {
      const high = hexDigit(text.charCodeAt(i + 1));
      const low = hexDigit(text.charCodeAt(i + 2));
      if (high < 0 || low < 0) return undefined;
      byte = (high << 4) | low;
      i += 2;
    } else if (byte === PLUS && plusIsSpace) {
      byte = 0x20;
    }
    bytes[length++] = byte;
  }
  return utf8.decode(bytes.subarray(0, length));
}

/** Value of one hexadecimal digit given as a char code, -1 for anything else (`NaN` included). */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isPlain(text: string, plusIsSpace: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PERCENT || code >= 0x80 || (code === PLUS && plusIsSpace)) return false;
  }
  return true;
}
