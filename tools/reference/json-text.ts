const MAX_WIDTH = 120;

/** JSON as the project's formatter leaves it: objects spread out, lists of plain values on one line where they fit. */
export function jsonText(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const oneLine = JSON.stringify(value).replaceAll('","', '", "');
    const plain = value.every((item) => typeof item !== 'object' || item === null);
    if (value.length === 0 || (plain && indent.length + oneLine.length <= MAX_WIDTH)) return oneLine;
    return `[\n${value.map((item) => inner + jsonText(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${inner}${JSON.stringify(key)}: ${jsonText(item, inner)}`,
    );
    return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}
