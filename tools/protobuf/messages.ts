/** One field of a message of a .proto file. */
export interface MessageField {
  readonly number: number;
  readonly name: string;
  /** `string`, `bytes`, …, or the full name of a message; of the values for a map. */
  readonly type: string;
  readonly shape: 'single' | 'list' | 'map';
}

const SCALARS = new Set(['bool', 'bytes', 'double', 'int32', 'int64', 'string']);
const MESSAGE = /^message (\w+) \{\n([\s\S]*?)^\}/gm;
const FIELD = /^\s*(?:(optional|repeated) ([\w.]+)|map<string, ([\w.]+)>) (\w+) = (\d+);/gm;

/** Reads a .proto file as Kubernetes generates them: no nested messages, no enums. */
export function parseMessages(proto: string): { package: string; messages: Map<string, readonly MessageField[]> } {
  const name = /^package ([\w.]+);/m.exec(proto)?.[1] ?? '';
  const full = (type: string): string => {
    if (SCALARS.has(type)) return type;
    // Full names began with a dot from 1.31 on.
    return type.includes('.') ? type.replace(/^\./, '') : `${name}.${type}`;
  };
  const messages = new Map<string, readonly MessageField[]>();
  for (const [, message = '', body = ''] of proto.matchAll(MESSAGE)) {
    const fields = [...body.matchAll(FIELD)].map(
      ([, label, single, value, field = '', number]): MessageField => ({
        number: Number(number),
        name: field,
        type: full(single ?? value ?? ''),
        shape: value !== undefined ? 'map' : label === 'repeated' ? 'list' : 'single',
      }),
    );
    messages.set(message, fields);
  }
  return { package: name, messages };
}
