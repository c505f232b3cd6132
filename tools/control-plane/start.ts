import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane as start,
} from '../../src/lab/control-plane/control-plane.ts';
import { builtPrograms } from './binaries.ts';

export interface BuiltControlPlaneOptions extends Omit<ControlPlaneOptions, 'programs'> {
  /** Directory with programs, searched first. */
  readonly binaries?: string;
}

/** A control plane of programs that are built when they are missing. */
export function startControlPlane({ binaries, ...options }: BuiltControlPlaneOptions): Promise<ControlPlane> {
  const { report } = options;
  const programs = builtPrograms({
    ...(binaries === undefined ? {} : { directory: binaries }),
    ...(report === undefined ? {} : { report }),
  });
  return start({ ...options, programs });
}
