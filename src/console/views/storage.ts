import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { adminApi, failureText } from '../browser/admin-api.ts';
import type { SkewCell, SkewReport, SkewRow } from '../model/answers.ts';
import { Failure } from './parts.ts';

/** How servers store the objects of a group. */
export type Storage =
  | { readonly kind: 'asking' }
  | { readonly kind: 'told'; readonly report: SkewReport }
  | { readonly kind: 'failed'; readonly message: string };

/** Asks the servers how they store the objects of a group, again whenever they were compared again. */
export function useStorage({ group, subresource }: SkewRow, comparedAt: string): Storage {
  const [storage, setStorage] = useState<Storage>({ kind: 'asking' });
  useEffect(() => {
    if (subresource !== '') return;
    let isWanted = true;
    adminApi.storage(group).then(
      (report) => isWanted && setStorage({ kind: 'told', report }),
      (error: unknown) => isWanted && setStorage({ kind: 'failed', message: failureText(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [group, subresource, comparedAt]);
  return storage;
}

/** The version in words where it is known, and the hash that servers name it by. */
export function storedAs({ storedAs: version, storageVersionHash: hash }: SkewCell): ComponentChild {
  if (hash === undefined) return '–';
  return [version, h('span', { class: 'code muted', key: 'hash' }, version === undefined ? hash : ` ${hash}`)];
}

/** What it means for storage migration, or why that is not known. */
export function storageText(storage: Storage): ComponentChild {
  if (storage.kind === 'failed') return h(Failure, { text: `How it is stored is not known: ${storage.message}` });
  const verdict = storage.kind === 'told' ? storage.report.storage : null;
  return verdict !== null && h('p', { class: 'note' }, verdict.text);
}
