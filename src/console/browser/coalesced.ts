/** Work that runs once at a time. */
export interface Coalesced {
  /** Runs it; calls during a run lead to one more, not to many at once. */
  run(): Promise<void>;
  /** What a run finds may be old already: it leads to one more. Without a run nothing is old. */
  overtake(): void;
}

export function coalesced(work: () => Promise<void>): Coalesced {
  let running: Promise<void> | undefined;
  let isWanted = false;
  const start = async (): Promise<void> => {
    do {
      isWanted = false;
      await work();
    } while (isWanted);
    running = undefined;
  };
  return {
    run() {
      isWanted = true;
      running ??= start();
      return running;
    },
    overtake() {
      isWanted = running !== undefined;
    },
  };
}
