/* The clients of the soak; started by soak-load.ts with its options as JSON, and told what to do over the channel to it. */
import { LoadGenerator } from './load-generator.ts';
import type { Caller } from './soak-client.ts';
import type { Report } from './tally.ts';

export interface LoadOptions {
  readonly callers: readonly [Caller, ...Caller[]];
  readonly watches: number;
}

export type LoadOrder =
  /** Requests per second. */
  { readonly kind: 'rate'; readonly rate: number } | { readonly kind: 'start' | 'quiet' | 'report' };

export type LoadMessage =
  /** All has ended. */
  { readonly kind: 'quiet' } | { readonly kind: 'report'; readonly report: Report };

const { callers, watches }: LoadOptions = JSON.parse(process.argv[2] ?? '{}');
const load = new LoadGenerator(callers, watches);

process.on('message', (order: LoadOrder) => void obey(order));
process.once('disconnect', () => process.exit());

async function obey(order: LoadOrder): Promise<void> {
  switch (order.kind) {
    case 'rate':
      load.rate = order.rate;
      break;
    case 'start':
      load.start();
      break;
    case 'quiet':
      await load.quiet();
      say({ kind: 'quiet' });
      break;
    case 'report':
      say({ kind: 'report', report: load.report() });
  }
}

function say(message: LoadMessage): void {
  process.send?.(message);
}
