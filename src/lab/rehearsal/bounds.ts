/** Upper bounds and sizes of a rehearsal. Durations are milliseconds. */
export interface RehearsalBounds {
  readonly servers: number;
  /** Rounds in each phase of mixed versions: at least this many. */
  readonly rounds: number;
  /** A column that repeats until harm shows stops after this many rounds in the first phase of mixed versions. */
  readonly maxRounds: number;
  /** Owners that each round adds, and the live dependents of each. */
  readonly owners: number;
  readonly dependents: number;
  /** Namespaces that each round fills and deletes, and the objects of skewed types in each. */
  readonly namespaces: number;
  readonly objects: number;
  /** A type counts as missing in discovery once a server has served it for this long: polling clients never see the same instant. */
  readonly settleMs: number;
  /** The least time that controllers get to judge in a round: retries and the next look at discovery take some. */
  readonly roundMs: number;
  /** How much longer than usual an upgraded server takes to become ready. */
  readonly slowStartMs: number;
  /** How long a killed server stays away before it is started again. */
  readonly crashMs: number;
  /** How long a server hangs. */
  readonly hangMs: number;
  /** How long informers may take at the end until they know everything: client-go waits up to 30 s between two lists. */
  readonly catchUpMs: number;
  /** The longest that a step may wait for its condition. */
  readonly stepMs: number;
  /** The longest that one request may take. */
  readonly requestMs: number;
}

export const DEFAULT_BOUNDS: RehearsalBounds = {
  servers: 3,
  rounds: 2,
  maxRounds: 12,
  owners: 2,
  dependents: 2,
  namespaces: 2,
  objects: 2,
  settleMs: 3000,
  roundMs: 2500,
  slowStartMs: 1500,
  crashMs: 2500,
  hangMs: 4000,
  catchUpMs: 30_000,
  stepMs: 20_000,
  requestMs: 30_000,
};
