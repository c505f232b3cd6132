import { resolve } from 'node:path';
import { givenPrograms } from '../lab/control-plane/given-programs.ts';
import type { ProgramFinder } from '../lab/control-plane/programs.ts';
import type { NamedProgram } from './option-values.ts';

/** Finds the programs that `--kube-apiserver` and `--etcd` name, and no others; undefined when embedded servers are to run. */
export function namedPrograms(
  { kubeApiserver, etcd }: { readonly kubeApiserver: readonly NamedProgram[]; readonly etcd?: string },
  directory: string,
): ProgramFinder | undefined {
  if (kubeApiserver.length === 0) return undefined;
  const servers = kubeApiserver.map(({ version, path }) => ({
    program: 'kube-apiserver' as const,
    version,
    path: resolve(directory, path),
  }));
  const stores = etcd === undefined ? [] : [{ program: 'etcd' as const, version: '', path: resolve(directory, etcd) }];
  return givenPrograms([...servers, ...stores]);
}
