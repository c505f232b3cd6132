import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ProgramName } from './programs.ts';

/** Whether `path` can be executed. */
export function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Whether the program at `path` says it is that version; for etcd: 3.5 or newer. False when it cannot be run. */
export async function saysVersion(program: ProgramName, version: string, path: string): Promise<boolean> {
  // kubectl has no `--version`; the others have no `version` command.
  const args = program === 'kubectl' ? ['version', '--client'] : ['--version'];
  const output = await promisify(execFile)(path, args).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (program === 'etcd') return /etcd Version: (3\.([5-9]|\d\d)|[4-9])\b/.test(output);
  return new RegExp(`\\bv${version.replaceAll('.', '\\.')}\\s`).test(output);
}
