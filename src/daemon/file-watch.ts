import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Pause after the last change: writers of certificates replace several files one after the other. */
const SETTLE_MS = 250;

/**
 * Calls `changed` after one of `files` became another one. Directories are watched rather than files, because certificates
 * are replaced by rename and Kubernetes swaps a symbolic link beside them; what else happens in them, such as a log that
 * grows there, means nothing.
 */
export class FileWatch {
  readonly #files: readonly string[];
  readonly #watchers: FSWatcher[];
  #seen: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: readonly string[], changed: () => void, failed: (error: Error) => void) {
    this.#files = files;
    this.#seen = this.#look();
    const report = () => {
      const seen = this.#look();
      if (seen === this.#seen) return;
      this.#seen = seen;
      changed();
    };
    const directories = new Set(files.map((file) => dirname(file)));
    this.#watchers = [...directories].map((directory) => {
      const watcher = watch(directory, { persistent: false }, () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(report, SETTLE_MS);
      });
      return watcher.on('error', failed);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  /** What the files are, links followed; equal texts for the same ones. */
  #look(): string {
    return this.#files.map((file) => identityOf(file)).join('\n');
  }
}

function identityOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'missing' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
