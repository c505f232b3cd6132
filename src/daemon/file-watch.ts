import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Pause after the last change: writers of certificates replace several files one after the other. */
const SETTLE_MS = 250;

/**
 * Calls `changed` after something happened in a directory of `files`. Directories are watched rather than files,
 * because certificates are replaced by rename and Kubernetes swaps a symbolic link beside them.
 */
export class FileWatch {
  readonly #watchers: FSWatcher[];
  #timer: NodeJS.Timeout | undefined;

  constructor(files: readonly string[], changed: () => void, failed: (error: Error) => void) {
    const directories = new Set(files.map((file) => dirname(file)));
    this.#watchers = [...directories].map((directory) => {
      const watcher = watch(directory, { persistent: false }, () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(changed, SETTLE_MS);
      });
      return watcher.on('error', failed);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}
