import { resolve } from 'node:path';
import { type GivenProgram, givenPrograms } from '../lab/control-plane/given-programs.ts';
import type { ProgramFinder, ProgramName } from '../lab/control-plane/programs.ts';
import type { NamedProgram } from './option-values.ts';

/** The programs that flags name. */
export interface ProgramFlags {
  readonly kubeApiserver: readonly NamedProgram[];
  readonly kubeControllerManager?: NamedProgram;
  readonly etcd?: string;
}

/** Finds the programs that flags name, and no others; undefined when embedded servers are to run. */
export function namedPrograms(
  { kubeApiserver, kubeControllerManager, etcd }: ProgramFlags,
  directory: string,
): ProgramFinder | undefined {
  if (kubeApiserver.length === 0) return undefined;
  const given =
    (program: ProgramName) =>
    ({ version, path }: NamedProgram): GivenProgram => ({ program, version, path: resolve(directory, path) });
  return givenPrograms([
    ...kubeApiserver.map(given('kube-apiserver')),
    ...(kubeControllerManager === undefined ? [] : [given('kube-controller-manager')(kubeControllerManager)]),
    ...(etcd === undefined ? [] : [given('etcd')({ version: '', path: etcd })]),
  ]);
}

/** `1.34` as the full version of a program that was named; anything else, and with embedded servers, as it is. */
export function namedVersion(version: string, { kubeApiserver }: ProgramFlags): string {
  const named = kubeApiserver.find(
    (program) => program.version === version || program.version.startsWith(`${version}.`),
  );
  return named?.version ?? version;
}
