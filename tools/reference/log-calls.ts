import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One call that writes to the log, as the source has it. */
export interface LogCall {
  /** File and line. */
  readonly place: string;
  readonly level: string;
  /** Every message that it can have; `*` stands for a part that is made when it is written. */
  readonly messages: readonly string[];
  /** Names of its fields, as far as they stand there. */
  readonly fields: readonly string[];
  /** It may have more, which are made elsewhere. */
  readonly open: boolean;
}

const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error']);
const LOGGER = /(^|[.#])(logger|tagged|lines|accessLog|log)\??$|^createLogger\(/i;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The lab and the console are other programs; the interface passes on what others write. */
const LEFT_OUT = [
  '**/*.test.ts',
  '**/testing/**',
  'src/lab/**',
  'src/cli/lab*',
  'src/console/**',
  'src/observe/logger.ts',
];

/** Every call of a logger in the proxy. */
export function logCalls(): readonly LogCall[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT, exclude: LEFT_OUT }).sort();
  const sources = files.map((file) =>
    ts.createSourceFile(file, readFileSync(`${ROOT}${file}`, 'utf8'), ts.ScriptTarget.Latest, true),
  );
  return sources.flatMap((source) =>
    nodesOf(source).flatMap((node) => (ts.isCallExpression(node) ? (logCall(node, source, sources) ?? []) : [])),
  );
}

function nodesOf(node: ts.Node): ts.Node[] {
  const nodes = [node];
  ts.forEachChild(node, (child) => void nodes.push(...nodesOf(child)));
  return nodes;
}

function logCall(call: ts.CallExpression, source: ts.SourceFile, all: readonly ts.SourceFile[]): LogCall | undefined {
  const { expression } = call;
  if (!ts.isPropertyAccessExpression(expression) || !LEVELS.has(expression.name.text)) return undefined;
  if (!LOGGER.test(expression.expression.getText(source))) return undefined;
  const [message, fields] = call.arguments;
  // Somebody else's message, passed on.
  if (message !== undefined && ts.isIdentifier(message) && isParameter(message, call)) return undefined;
  const named = fields === undefined ? { fields: [], open: false } : fieldsOf(fields, source);
  const { line } = source.getLineAndCharacterOfPosition(expression.getStart(source));
  const place = `${source.fileName}:${line + 1}`;
  const messages = message === undefined ? [] : messagesOf(message, [source, ...all]);
  return { place, level: expression.name.text, messages, ...named };
}

function messagesOf(node: ts.Expression, sources: readonly ts.SourceFile[]): readonly string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) {
    return [...messagesOf(node.whenTrue, sources), ...messagesOf(node.whenFalse, sources)];
  }
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map(({ literal }) => `*${literal.text}`).join('')];
  }
  const value = ts.isIdentifier(node) ? constantOf(node.text, sources) : undefined;
  return value !== undefined && value !== node ? messagesOf(value, sources) : [`(${node.getText()})`];
}

function fieldsOf(node: ts.Expression, source: ts.SourceFile): Pick<LogCall, 'fields' | 'open'> {
  if (ts.isParenthesizedExpression(node)) return fieldsOf(node.expression, source);
  if (ts.isBinaryExpression(node)) return fieldsOf(node.right, source);
  if (ts.isIdentifier(node)) {
    const value = constantOf(node.text, [source]);
    return value === undefined ? { fields: [], open: true } : fieldsOf(value, source);
  }
  if (!ts.isObjectLiteralExpression(node)) return { fields: [], open: true };
  const parts = node.properties.map((property) => {
    if (ts.isSpreadAssignment(property)) return fieldsOf(property.expression, source);
    const name = property.name !== undefined && ts.isIdentifier(property.name) ? [property.name.text] : [];
    return { fields: name, open: name.length === 0 };
  });
  return { fields: parts.flatMap(({ fields }) => fields), open: parts.some(({ open }) => open) };
}

/** What `const NAME = …` of the first source that has it stands for. */
function constantOf(name: string, sources: readonly ts.SourceFile[]): ts.Expression | undefined {
  for (const source of sources) {
    for (const node of nodesOf(source)) {
      if (ts.isVariableDeclaration(node) && node.name.getText(source) === name && node.initializer !== undefined) {
        return node.initializer;
      }
    }
  }
  return undefined;
}

function isParameter({ text }: ts.Identifier, within: ts.Node): boolean {
  for (let node = within.parent; node !== undefined; node = node.parent) {
    if (ts.isFunctionLike(node) && node.parameters.some(({ name }) => name.getText() === text)) return true;
  }
  return false;
}
