import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Every flag that `mvproxy serve --help` lists. */
export async function flagOptions(root: string): Promise<ReadonlySet<string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bin/mvproxy.ts'), 'serve', '--help']);
  return new Set(stdout.match(/--[a-z-]+/g) ?? []);
}
