import type { DecisionResult } from '../scale/decisions.ts';
import type { RivalName } from './rivals/rival.ts';

/** Of `proxy`: what was put in between. `preferred`, `other`: the servers. */
export type ProcessName = 'proxy' | 'preferred' | 'other' | 'etcd';

/** One burst of one load through one rival. */
export interface RequestRound {
  readonly requests: number;
  /** Answered otherwise than they should be, or not at all. */
  readonly failed: number;
  readonly seconds: number;
  /** Processor time of each process meanwhile, less what it uses at rest, in milliseconds. */
  readonly cpuMs: Readonly<Partial<Record<ProcessName, number>>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RequestResult {
  readonly kind: 'requests';
  readonly load: string;
  readonly rival: RivalName;
  readonly rounds: readonly RequestRound[];
}

/** What processes use while nobody asks for anything. */
export interface RestResult {
  readonly kind: 'rest';
  /** Milliseconds of processor time per second, by process or rival. */
  readonly cpu: Readonly<Record<string, number>>;
}

export interface WatchRound {
  readonly failed: number;
  readonly openSeconds: number;
  /** Of the proxy, for opening all; 0 without one. */
  readonly openCpuMs: number;
  /** Growth of the proxy's resident memory (the server's without a proxy) for all watches: open, and after the events. */
  readonly idleBytes: number;
  readonly bytes: number;
  /** All resident memory of the same process then. */
  readonly residentBytes: number;
  /** From the write of an object to its last delivery, for each event. */
  readonly lastMs: readonly number[];
  /** Of the proxy, for all events. */
  readonly eventsCpuMs: number;
}

export interface WatchResult {
  readonly kind: 'watches';
  readonly protocol: 'h2' | 'http/1.1';
  readonly watches: number;
  readonly rival: RivalName;
  readonly rounds: readonly WatchRound[];
}

/** More and more watches through one proxy. */
export interface GrowthResult {
  readonly kind: 'growth';
  readonly steps: readonly GrowthStep[];
  /** Why there are no more. */
  readonly stopped: string;
}

export interface GrowthStep {
  readonly watches: number;
  /** Growth of the proxy's resident memory since it had none. */
  readonly bytes: number;
  readonly lastMs: number;
  readonly cpuMsPerEvent: number;
}

export interface UpgradeResult {
  readonly kind: 'upgrade';
  readonly direction: 'down' | 'up';
  readonly rival: RivalName;
  readonly rounds: readonly { readonly mebibytes: number; readonly seconds: number; readonly cpuMs: number }[];
}

export interface DecisionsResult {
  readonly kind: 'decisions';
  readonly decisions: readonly DecisionResult[];
}

export interface ProfileResult {
  readonly kind: 'profile';
  readonly load: string;
  readonly summary: ProfileSummary;
}

/** Shares of the time in which the process was not idle. */
export interface ProfileSummary {
  readonly busyMs: number;
  readonly groups: readonly { readonly group: string; readonly share: number }[];
  readonly top: readonly {
    readonly function: string;
    readonly where: string;
    readonly group: string;
    readonly share: number;
  }[];
}

export type Result =
  | RestResult
  | RequestResult
  | WatchResult
  | GrowthResult
  | UpgradeResult
  | DecisionsResult
  | ProfileResult;
