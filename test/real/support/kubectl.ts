import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findBinary } from '../../../tools/control-plane/binaries.ts';

/** Runs kubectl of that version; rejects when it fails. The output of a JSON command is parsed. */
export async function kubectlJson<T>(
  version: string,
  kubeconfig: string,
  cacheDirectory: string,
  args: readonly string[],
): Promise<T> {
  const kubectl = await findBinary('kubectl', version);
  const { stdout } = await promisify(execFile)(
    kubectl,
    [`--kubeconfig=${kubeconfig}`, `--cache-dir=${cacheDirectory}`, ...args, '--output=json'],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout);
}
