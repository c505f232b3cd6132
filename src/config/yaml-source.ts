import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { Path } from './path.ts';
import type { Location, Problem } from './problem.ts';

/** A parsed YAML (or JSON) file that still knows where everything stands. */
export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** The value at `path`, or the nearest thing around it that the file has. */
  locate(path: Path): Location;
  /** The key that begins the entry at `path`. */
  locateKey(path: Path): Location;
}

/** Parses without judging the content; `problems` are syntax errors, duplicate keys and the like. */
export function parseYaml(
  file: string,
  text: string,
): { readonly source: YamlSource; readonly problems: readonly Problem[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const position = (offset: number): Location => {
    const { line, col } = lineCounter.linePos(offset);
    return { kind: 'file', file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    location: position(error.pos[0]),
    path: [],
    message: `is not valid YAML: ${error.message}`,
  }));

  let value: unknown;
  if (problems.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      const message = `is not usable YAML: ${error instanceof Error ? error.message : String(error)}`;
      problems.push({ location: position(0), path: [], message });
    }
  }

  const entryAt = (path: Path): Entry & { readonly exact: boolean } => {
    let entry: Entry = { key: undefined, value: document.contents ?? undefined };
    for (const part of path) {
      const next = child(isAlias(entry.value) ? entry.value.resolve(document) : entry.value, part);
      if (next === undefined) return { ...entry, exact: false };
      entry = next;
    }
    return { ...entry, exact: true };
  };
  const located = (...nodes: (Node | undefined)[]): Location =>
    position(nodes.find((node) => node?.range)?.range?.[0] ?? 0);

  return {
    source: {
      file,
      value,
      locate: (path) => {
        const { key, value: node, exact } = entryAt(path);
        const hasText = exact && !(isScalar(node) && node.value === null);
        return hasText ? located(node, key) : located(key, node);
      },
      locateKey: (path) => {
        const entry = entryAt(path);
        return located(entry.key, entry.value);
      },
    },
    problems,
  };
}

interface Entry {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function child(node: Node | ParsedNode | undefined, part: string | number): Entry | undefined {
  if (isSeq<Node>(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? undefined : { key: undefined, value: item };
  }
  if (!isMap<Node, Node>(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  return pair === undefined ? undefined : { key: pair.key, value: pair.value ?? undefined };
}
