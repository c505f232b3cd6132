/** Receives one line without line end: progress of long work, or a process that ended without being asked to. */
export type Reporter = (line: string) => void;

/** The default: standard error, because standard output belongs to the results of the program that runs us. */
export const reportToStandardError: Reporter = (line) => {
  process.stderr.write(`${line}\n`);
};

/** `elapsed(start)` for `start = performance.now()`: "4.1s" below a minute, "2m05s" above. */
export function elapsed(start: number): string {
  const seconds = (performance.now() - start) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
}
