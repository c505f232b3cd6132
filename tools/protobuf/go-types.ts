/** What the Go declaration of a struct field adds to its message field. */
export interface GoField {
  /** Its name in JSON; undefined: the fields of the struct stand in its place. */
  readonly json: string | undefined;
  /** Go leaves the zero value out of JSON. */
  readonly omitsZero: boolean;
}

export interface GoTypes {
  /** By struct, then by the number of the message field. */
  readonly structs: ReadonlyMap<string, ReadonlyMap<number, GoField>>;
  /** Types that are lists: their messages hold nothing but `items`. */
  readonly lists: ReadonlySet<string>;
}

const STRUCT = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
const LIST = /^type (\w+) \[\]\w/gm;
const FIELD = /^\s*(?:\w+\s+)?([*\w.[\]{}]+)\s+`([^`]*)`/gm;

/** Reads the struct tags of Go source with one package in it. */
export function parseGoTypes(source: string): GoTypes {
  const structs = new Map<string, ReadonlyMap<number, GoField>>();
  for (const [, name = '', body = ''] of source.matchAll(STRUCT)) {
    const fields = new Map<number, GoField>();
    for (const [, type = '', tags = ''] of body.matchAll(FIELD)) {
      const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
      const [json = '', ...options] = (/json:"([^"]*)"/.exec(tags)?.[1] ?? '').split(',');
      if (number === undefined) continue;
      const omitsZero = (options.includes('omitempty') || options.includes('omitzero')) && !type.startsWith('*');
      fields.set(Number(number), { json: json === '' ? undefined : json, omitsZero });
    }
    structs.set(name, fields);
  }
  return { structs, lists: new Set([...source.matchAll(LIST)].map(([, name = '']) => name)) };
}
