import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory with `files` (relative name → content) that vanishes at the end of the block. */
export async function temporaryFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<TemporaryFiles> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-config-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return {
    directory: directory.path,
    path: (name) => join(directory.path, name),
    [Symbol.asyncDispose]: () => directory.remove(),
  };
}

export interface TemporaryFiles extends AsyncDisposable {
  readonly directory: string;
  path(name: string): string;
}
