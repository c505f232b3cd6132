import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

/** `[number, name in JSON, type, marks]`. Without a name the fields of the message stand in its place. */
export type FieldRow = readonly [number: number, json: string | null, type: string, marks: string];

/** A message is its fields, or a list in disguise. */
export type Message = readonly FieldRow[] | { readonly items: string };

/** How Kubernetes' types look in protobuf; tools/protobuf writes it. */
export interface MessageTable {
  /** Package of the messages by group and version: `apps/v1`, `/v1`. */
  readonly packages: Readonly<Record<string, string>>;
  /** By full name: `k8s.io.api.apps.v1.Deployment`. */
  readonly messages: Readonly<Record<string, Message>>;
}

const decompress = promisify(brotliDecompress);
let table: Promise<MessageTable> | undefined;

/** The table that comes with this package, read once. */
export function messageTable(): Promise<MessageTable> {
  table ??= read();
  return table;
}

async function read(): Promise<MessageTable> {
  const packageFile = findPackageJSON(import.meta.url) ?? '';
  const compressed = await readFile(join(dirname(packageFile), 'recordings', 'protobuf.json.br'));
  const { packages, messages } = JSON.parse((await decompress(compressed)).toString('utf8'));
  return { packages, messages };
}
