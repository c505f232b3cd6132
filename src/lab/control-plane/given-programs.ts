import { delimiter, join } from 'node:path';
import { ControlPlaneError } from './control-plane-error.ts';
import { isProgram, saysVersion } from './program-version.ts';
import type { ProgramFinder, ProgramName } from './programs.ts';

/** A program somebody named; it must say that it is of that version. */
export interface GivenProgram {
  readonly program: ProgramName;
  /** `1.34.4`. */
  readonly version: string;
  readonly path: string;
}

/**
 * Finds programs without building or downloading anything: those `given`, then the one in `$KUBEBUILDER_ASSETS` when it
 * is of the version asked for, and for etcd (3.5 or newer) the first on `$PATH`.
 *
 * The finder throws {@link ControlPlaneError} `WrongProgram` when a given program is not there or of another version, and
 * `ProgramMissing` when there is none.
 */
export function givenPrograms(given: readonly GivenProgram[], env: NodeJS.ProcessEnv = process.env): ProgramFinder {
  const checked = new Map<string, Promise<string>>();
  return (program, version) => {
    const key = `${program} ${version}`;
    const known = checked.get(key);
    if (known !== undefined) return known;
    const found = find(program, version, given, env);
    checked.set(key, found);
    return found;
  };
}

async function find(
  program: ProgramName,
  version: string,
  given: readonly GivenProgram[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const named = given.find((each) => each.program === program && (program === 'etcd' || each.version === version));
  if (named !== undefined) return checkedProgram(named, version);
  const { KUBEBUILDER_ASSETS: assets, PATH = '' } = env;
  const directories = [...(assets ? [assets] : []), ...(program === 'etcd' ? PATH.split(delimiter) : [])];
  for (const directory of directories) {
    const path = join(directory, program);
    if (await saysVersion(program, version, path)) return path;
  }
  throw new ControlPlaneError('ProgramMissing', missing(program, version));
}

async function checkedProgram({ program, path }: GivenProgram, version: string): Promise<string> {
  if (!(await isProgram(path))) {
    const message = `${path}, given as ${program} ${version}, is not an executable file. Check the path and its mode.`;
    throw new ControlPlaneError('WrongProgram', message);
  }
  if (await saysVersion(program, version, path)) return path;
  const wanted = program === 'etcd' ? 'etcd 3.5 or newer' : `${program} ${version}`;
  const message = `${path} does not say that it is ${wanted}. Give the path of that program, or its true version.`;
  throw new ControlPlaneError('WrongProgram', message);
}

function missing(program: ProgramName, version: string): string {
  if (program === 'etcd') {
    return (
      'There is no etcd, in which real kube-apiservers keep their objects. Install etcd 3.5 or newer so that it is on ' +
      'PATH, or name a directory that holds it in KUBEBUILDER_ASSETS.'
    );
  }
  return (
    `There is no ${program} ${version}. Give it with --${program} ${version}=PATH, or name a directory that holds it in ` +
    'KUBEBUILDER_ASSETS.'
  );
}
