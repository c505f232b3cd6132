/** What control planes are made of. */
export type ProgramName = 'kube-apiserver' | 'kube-controller-manager' | 'kubectl' | 'etcd';

/**
 * The path of a program of that full version, such as `1.34.4`. For etcd any version from 3.5 on will do.
 *
 * Rejects with a message that says how to give the program when there is none.
 */
export type ProgramFinder = (program: ProgramName, version: string) => Promise<string>;

/** The etcd asked for. Every Kubernetes version of interest works with it. */
export const ETCD_VERSION = '3.6.5';
