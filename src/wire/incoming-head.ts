import type { RequestHead } from './exchange.ts';

/** A request head as the protocol layer hands it on. */
export interface IncomingHead {
  readonly head: RequestHead;
  /** `Expect: 100-continue` was there (and is no longer among the fields): answered when the body is first read. */
  readonly expectsContinue: boolean;
}
