import { startControlPlane } from '../control-plane/control-plane.ts';
import type { ProgramFinder } from '../control-plane/programs.ts';
import { type Reporter, reportToStandardError } from '../control-plane/reporter.ts';
import { compareVersions } from '../control-plane/version.ts';
import type { LabPlane } from './lab-plane.ts';
import { RealServer } from './real-server.ts';

export interface RealPlaneOptions {
  /** The version of each server; versions may repeat. */
  readonly versions: readonly string[];
  /** Further versions that upgrades may start. */
  readonly upgrades?: readonly string[];
  readonly programs: ProgramFinder;
  /** `native`: servers from 1.36 on forward to each other and merge discovery (Linux, needs `unshare`). */
  readonly builtIn: 'none' | 'native';
  /** Value of every server's `--runtime-config`. */
  readonly runtimeConfig?: string;
  /** Gets progress and crashes. Default: standard error. */
  readonly report?: Reporter;
}

/**
 * Real kube-apiservers, `cp-1`, `cp-2` …, on one real etcd.
 *
 * @throws {ControlPlaneError} also when a program of `versions` or `upgrades` is missing.
 */
export async function startRealPlane(options: RealPlaneOptions): Promise<LabPlane> {
  const { versions, upgrades = [], programs, builtIn, runtimeConfig, report = reportToStandardError } = options;
  const startable = [...new Set([...versions, ...upgrades])].sort(compareVersions);
  for (const version of startable) await programs('kube-apiserver', version);
  const controlPlane = await startControlPlane({
    programs,
    report,
    servers: versions.map((version, index) => {
      const name = `cp-${index + 1}`;
      return {
        name,
        version,
        drains: true,
        ...(runtimeConfig === undefined ? {} : { runtimeConfig }),
        ...(builtIn === 'native' ? { hostname: name, peerProxy: true } : {}),
      };
    }),
  });
  const servers = controlPlane.servers.map((server) => new RealServer(server, programs));
  return {
    kind: 'real',
    builtIn,
    servers,
    pki: controlPlane.pki,
    adminToken: controlPlane.adminToken,
    versions: startable,
    close: () => controlPlane.stop(),
  };
}
