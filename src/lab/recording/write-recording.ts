import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { discoveryContent, encodeDiscovery } from '../../discovery/representation.ts';
import type { Recording, StorageVersionHashes } from './recording.ts';
import { API_FILE, APIS_FILE, SCHEMAS_FILE, STORAGE_FILE, VERSION_FILE } from './recording-files.ts';

const compress = promisify(brotliCompress);

export interface WrittenFile {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Writes a recording into `directory`, which is made when missing. Equal recordings become equal bytes. Each file appears
 * whole or not at all.
 */
export async function writeRecording(directory: string, recording: Recording): Promise<readonly WrittenFile[]> {
  await mkdir(directory, { recursive: true });
  const written: WrittenFile[] = [];
  const write = async (name: string, content: Uint8Array) => {
    const file = join(directory, name);
    const partial = `${file}.partial`;
    await writeFile(partial, content);
    await rename(partial, file);
    written.push({ file, bytes: content.length });
  };
  await write(VERSION_FILE, Buffer.from(`${JSON.stringify(recording.versionInfo, undefined, 2)}\n`));
  await write(API_FILE, encodeDiscovery(discoveryContent(recording.api), 'v2'));
  await write(APIS_FILE, encodeDiscovery(discoveryContent(recording.apis), 'v2'));
  if (recording.storageVersions !== undefined) {
    await write(STORAGE_FILE, Buffer.from(`${JSON.stringify(plainHashes(recording.storageVersions), undefined, 2)}\n`));
  }
  const schemas = await recording.schemas();
  if (schemas !== undefined) {
    const sorted = [...schemas].sort(byName);
    const content = Buffer.from(
      `${JSON.stringify({ openapi: '3.0.0', components: { schemas: Object.fromEntries(sorted) } })}\n`,
    );
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    };
    await write(SCHEMAS_FILE, await compress(content, { params }));
  }
  return written;
}

function plainHashes(hashes: StorageVersionHashes): object {
  const lists = [...hashes]
    .sort(byName)
    .map(([groupVersion, list]) => [groupVersion, Object.fromEntries([...list].sort(byName))]);
  return Object.fromEntries(lists);
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : Number(left > right);
}
