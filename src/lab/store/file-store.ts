import { DataFile } from './data-file.ts';
import { MemoryStore } from './memory-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** Keeps all objects in this SQLite file; it is made if it does not exist. Default: in memory only. */
  readonly file?: string | undefined;
  /** Number of events that stay readable at least. */
  readonly historyLimit?: number | undefined;
}

/**
 * Opens a store. With a file, a write is on the disk before it becomes visible or is acknowledged; after a restart all
 * objects and the revision are back, and the history before it is compacted. Throws DataFileError when the file is locked,
 * damaged, of a newer format or not usable; a write that cannot be saved throws it too and changes nothing.
 */
export function openStore({ file, historyLimit }: StoreOptions = {}): Store {
  if (file === undefined) return new MemoryStore({ historyLimit });
  const persistence = new DataFile(file);
  try {
    return new MemoryStore({ historyLimit, persistence, initial: persistence.read() });
  } catch (error) {
    persistence.close();
    throw error;
  }
}
