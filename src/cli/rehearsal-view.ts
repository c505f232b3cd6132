import type { RehearsalProgress } from '../lab/rehearsal/result.ts';
import type { CliIo } from './io.ts';
import { LiveRegion } from './live-region.ts';

/** What happens in a rehearsal while it runs, on standard error: one line for each event, and on a terminal the counters below. */
export class RehearsalView {
  readonly #output: CliIo['stderr'];
  readonly #region: LiveRegion;
  #startedAt = 0;
  #counters = '';

  constructor({ stderr }: Pick<CliIo, 'stderr'>) {
    this.#output = stderr;
    this.#region = new LiveRegion(stderr);
  }

  show(progress: RehearsalProgress): void {
    switch (progress.kind) {
      case 'column':
        this.#startedAt = performance.now();
        this.#counters = '';
        this.#line(`${progress.column} (${progress.index + 1} of ${progress.of})`);
        break;
      case 'mark':
        this.#line(`  ${this.#elapsed()}  ${progress.mark.kind === 'phase' ? '' : '  '}${progress.mark.text}`);
        break;
      case 'counts': {
        const { requests, false404s, failed, incompleteDiscovery, collected, leakedNamespaces } = progress;
        this.#counters = `  ${this.#elapsed()}  ${requests} requests: ${false404s} false 404s, ${incompleteDiscovery} incomplete lists of types, ${collected} wrongly collected, ${leakedNamespaces} leaked, ${failed} failed`;
        this.#region.draw([this.#counters]);
        break;
      }
      case 'done':
        this.#region.draw([]);
        this.#region.keep();
        if (this.#counters !== '') this.#output.write(`${this.#counters}\n`);
        break;
    }
  }

  end(): void {
    this.#region.keep();
  }

  #line(text: string): void {
    this.#region.draw([]);
    this.#output.write(`${text}\n`);
    this.#region.keep();
    if (this.#counters !== '') this.#region.draw([this.#counters]);
  }

  #elapsed(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5)} s`;
  }
}
