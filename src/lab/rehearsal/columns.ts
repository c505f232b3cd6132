import type { Logger } from '../../observe/logger.ts';
import type { ProgramFinder } from '../control-plane/programs.ts';
import { realControllers } from '../control-plane/real-controllers.ts';
import { startBalancer } from '../front/balancer.ts';
import { startGateway } from '../front/gateway.ts';
import { startEmbeddedPlane } from '../plane/embedded-plane.ts';
import { startRealPlane } from '../plane/real-plane.ts';
import type { RehearsalColumn } from './column-run.ts';

/** Ways to front the servers that a rehearsal compares. */
export const COLUMN_NAMES = ['balancer', 'gateway', 'built-in', 'native'] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

export interface ColumnOptions {
  readonly logger: Logger;
  /** Real kube-apiservers instead of embedded servers. */
  readonly programs: ProgramFinder | undefined;
  /** Milliseconds after which each embedded server in turn notices new CustomResourceDefinitions. */
  readonly crdLagMs: readonly number[];
  /** Version of the kube-controller-manager among `programs` that runs instead of the lab's own controllers. */
  readonly kubeControllerManager?: string | undefined;
  /** Of the proxy's admin listener in the column `gateway`; 0 (the default) takes any free port. */
  readonly adminPort?: number | undefined;
}

/** A column that cannot be run as asked; the message says why and what to do. */
export class ColumnError extends Error {
  override readonly name = 'ColumnError';
}

/** The column of that name. Throws ColumnError when it cannot be run so. */
export function rehearsalColumn(name: ColumnName, options: ColumnOptions): RehearsalColumn {
  const { logger, programs, crdLagMs, kubeControllerManager: version, adminPort } = options;
  if (name === 'native' && programs === undefined) {
    throw new ColumnError(
      'The column "native" is kube-apiserver\'s own mixed version proxy, which embedded servers do not have. Name real programs with --kube-apiserver VERSION=PATH.',
    );
  }
  if (name === 'built-in' && programs !== undefined) {
    throw new ColumnError(
      'The column "built-in" needs servers that our library can be built into; real kube-apiservers are not. Leave it out, or leave --kube-apiserver out.',
    );
  }
  if (version !== undefined && programs === undefined) {
    throw new ColumnError(
      'A real kube-controller-manager speaks protobuf, which embedded servers do not answer. Name real servers with --kube-apiserver VERSION=PATH, or leave --kube-controller-manager out.',
    );
  }
  const report = (line: string): void => logger.info(line);
  return {
    name,
    // Chance decides in each run what a balancer's clients meet.
    untilHarm: name === 'balancer',
    startPlane: (versions, upgrades) =>
      programs === undefined
        ? startEmbeddedPlane({ versions, builtIn: name === 'built-in' ? 'library' : 'none', crdLagMs, logger })
        : startRealPlane({ versions, upgrades, programs, report, builtIn: name === 'native' ? 'native' : 'none' }),
    startFront: (plane) =>
      name === 'gateway'
        ? startGateway(plane, { logger, adminPort })
        : startBalancer(plane, name === 'balancer' ? 'request' : 'connection'),
    ...(version !== undefined &&
      programs !== undefined && { startControllers: realControllers({ version, programs, report }) }),
  };
}
