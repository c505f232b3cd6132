const MAX_WIDTH = 120;

/**
 * JSON as the project's formatter leaves it: objects spread out, lists of plain values on one line where they fit.
 * `around`: characters that stand on that line before and after the value, without the indentation.
 */
export function jsonText(value: unknown, indent = '', around = 0): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const oneLine = JSON.stringify(value).replaceAll('","', '", "');
    const plain = value.every((item) => typeof item !== 'object' || item === null);
    if (value.length === 0 || (plain && indent.length + around + oneLine.length <= MAX_WIDTH)) return oneLine;
    return `[\n${value.map((item) => inner + jsonText(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value);
    const entries = pairs.map(([key, item], at) => {
      const name = `${JSON.stringify(key)}: `;
      const comma = at < pairs.length - 1 ? 1 : 0;
      return `${inner}${name}${jsonText(item, inner, name.length + comma)}`;
    });
    return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}
