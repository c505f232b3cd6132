/** Times in milliseconds. */
export interface DrainOptions {
  readonly delayMs: number;
  readonly watchesMs: number;
}
