import type { Store } from '../store.ts';
import { sampleObject } from './sample-object.ts';

const KEYS = 7;

/** What the write that makes `revision` does: everything about it follows from the revision, so that a test can repeat it. */
function plannedKey(revision: number): string {
  return `/configmaps/default/c${revision % KEYS}`;
}

/** Every third round of the keys removes them again. Contents reach over many pages of the file. */
const removes = (revision: number) => Math.floor(revision / KEYS) % 3 === 2;
const content = (revision: number) => `${revision}-`.repeat(1 + ((revision * 37) % 4000));

/** Makes the next write of the plan and returns its revision. */
export function writeNext(store: Store): number {
  const revision = store.revision + 1;
  const key = plannedKey(revision);
  const current = store.get(key);
  if (removes(revision) && current !== undefined) return store.delete(key, current.revision).revision;
  return store.put(key, sampleObject(key, content(revision)), current?.revision ?? 'absent').revision;
}
