import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { type GoTypes, parseGoTypes } from './go-types.ts';
import { type MessageField, parseMessages } from './messages.ts';

const HELP = `Writes recordings/protobuf.json.br: how the objects of Kubernetes look in protobuf, by field numbers.

Usage: node tools/protobuf/main.ts DIRECTORY...

DIRECTORY is the source of k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver or k8s.io/kube-aggregator, as
"go mod download -json MODULE" names it; the newest versions first, older ones for types that were removed since.
`;

const directories = process.argv.slice(2);
if (directories.length === 0) {
  process.stderr.write(HELP);
  process.exit(2);
}

/** Package of the messages by group and version. */
const packages = new Map<string, string>();
const messages = new Map<string, unknown>();
for (const directory of directories) {
  for (const file of globSync('**/generated.proto', { cwd: directory })) read(join(directory, file));
}
const table = { packages: Object.fromEntries(packages), messages: Object.fromEntries(messages) };
writeFileSync('recordings/protobuf.json.br', brotliCompressSync(JSON.stringify(table)));
process.stdout.write(`${messages.size} messages of ${packages.size} group-versions\n`);

function read(file: string): void {
  const parsed = parseMessages(readFileSync(file, 'utf8'));
  const home = dirname(file);
  const sources = globSync('*.go', { cwd: home }).filter((name) => !/_test\.go$|^generated|^zz_/.test(name));
  const types = parseGoTypes(sources.map((name) => readFileSync(join(home, name), 'utf8')).join('\n'));
  const group = groupOf(home);
  if (group !== undefined && !packages.has(group)) packages.set(group, parsed.package);
  for (const [name, fields] of parsed.messages) {
    const full = `${parsed.package}.${name}`;
    if (messages.has(full)) continue;
    const [only] = fields;
    const isList = types.lists.has(name) && fields.length === 1 && only !== undefined;
    messages.set(full, isList ? { items: only.type } : fields.map((field) => row(field, name, types)));
  }
}

/** `[number, JSON name or null, type, marks]`; marks: `l`ist, `m`ap, `z`ero left out. */
function row({ number, name, type, shape }: MessageField, message: string, types: GoTypes): unknown[] {
  const field = types.structs.get(message)?.get(number) ?? { json: name, omitsZero: false };
  const marks = `${shape === 'list' ? 'l' : shape === 'map' ? 'm' : ''}${field.omitsZero ? 'z' : ''}`;
  return [number, field.json ?? null, type, marks];
}

/** `apps/v1`, from the register.go beside the messages. */
function groupOf(home: string): string | undefined {
  try {
    const group = /GroupName\s*=\s*"([^"]*)"/.exec(readFileSync(join(home, 'register.go'), 'utf8'))?.[1];
    return group === undefined ? undefined : `${group}/${basename(home)}`;
  } catch {
    return undefined;
  }
}
