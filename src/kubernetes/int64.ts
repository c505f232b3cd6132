const DECIMAL = /^([+-]?)([0-9]+)$/;

/** Whether Go's `strconv.ParseInt(text, 10, 64)` reads `text`. Linear in its length, unlike a BigInt conversion. */
export function isInt64(text: string): boolean {
  const [, sign, digits] = DECIMAL.exec(text) ?? [];
  if (digits === undefined) return false;
  const significant = digits.replace(/^0+/, '');
  const limit = sign === '-' ? '9223372036854775808' : '9223372036854775807';
  return significant.length < limit.length || (significant.length === limit.length && significant <= limit);
}
