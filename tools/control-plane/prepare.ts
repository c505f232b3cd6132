import { ETCD_VERSION, type ProgramName } from '../../src/lab/control-plane/programs.ts';
import { findBinary } from './binaries.ts';
import { BuildError } from './build-error.ts';
import { findH2spec } from './h2spec.ts';
import { findPromtool } from './promtool.ts';

/** What the tests against real servers run; built ahead, so that no test waits for a compiler. */
const PROGRAMS: readonly (readonly [ProgramName, string])[] = [
  ['etcd', ETCD_VERSION],
  ['kube-apiserver', '1.37.2'],
  ['kube-apiserver', '1.36.3'],
  ['kube-apiserver', '1.34.4'],
  ['kube-apiserver', '1.29.15'],
  ['kube-controller-manager', '1.36.3'],
  ['kubectl', '1.37.2'],
  ['kubectl', '1.34.4'],
  ['kubectl', '1.30.14'],
  ['kubectl', '1.24.17'],
];

try {
  for (const [name, version] of PROGRAMS) process.stdout.write(`${await findBinary(name, version)}\n`);
  for (const name of ['h2spec', 'h2specd'] as const) process.stdout.write(`${await findH2spec(name)}\n`);
  process.stdout.write(`${await findPromtool()}\n`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
