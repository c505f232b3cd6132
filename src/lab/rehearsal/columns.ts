import type { Logger } from '../../observe/logger.ts';
import type { ProgramFinder } from '../control-plane/programs.ts';
import { startBalancer } from '../front/balancer.ts';
import type { Front } from '../front/front.ts';
import { startGateway } from '../front/gateway.ts';
import { startEmbeddedPlane } from '../plane/embedded-plane.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import { startRealPlane } from '../plane/real-plane.ts';

/** Ways to front the servers that a rehearsal compares. */
export const COLUMN_NAMES = ['balancer', 'gateway', 'built-in', 'native'] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** One way to front the servers: how its control plane and its front are started. */
export interface Column {
  readonly name: ColumnName;
  /** One server for each version; `upgrades` are the versions that may be started later. */
  startPlane(versions: readonly string[], upgrades: readonly string[]): Promise<LabPlane>;
  startFront(plane: LabPlane): Promise<Front>;
  /** Whether the scenario repeats until damage shows: chance decides in each run what a balancer's clients meet. */
  readonly untilHarm: boolean;
}

export interface ColumnOptions {
  readonly logger: Logger;
  /** Real kube-apiservers instead of embedded servers. */
  readonly programs: ProgramFinder | undefined;
  /** Milliseconds after which each embedded server in turn notices new CustomResourceDefinitions. */
  readonly crdLagMs: readonly number[];
}

/** The column of that name. Throws a RangeError that says why when it cannot be run so. */
export function rehearsalColumn(name: ColumnName, { logger, programs, crdLagMs }: ColumnOptions): Column {
  if (name === 'native' && programs === undefined) {
    throw new RangeError(
      'The column "native" is kube-apiserver\'s own mixed version proxy, which embedded servers do not have. Name real programs with --kube-apiserver VERSION=PATH.',
    );
  }
  if (name === 'built-in' && programs !== undefined) {
    throw new RangeError(
      'The column "built-in" needs servers that our library can be built into; real kube-apiservers are not. Leave it out, or leave --kube-apiserver out.',
    );
  }
  const report = (line: string): void => logger.info(line);
  return {
    name,
    untilHarm: name === 'balancer',
    startPlane: (versions, upgrades) =>
      programs === undefined
        ? startEmbeddedPlane({ versions, builtIn: name === 'built-in' ? 'library' : 'none', crdLagMs, logger })
        : startRealPlane({ versions, upgrades, programs, report, builtIn: name === 'native' ? 'native' : 'none' }),
    startFront: (plane) =>
      name === 'gateway'
        ? startGateway(plane, { logger })
        : startBalancer(plane, name === 'balancer' ? 'request' : 'connection'),
  };
}
