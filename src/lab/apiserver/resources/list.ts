import { groupVersion } from '../../api-object.ts';
import { type Entry, type Range, type Store, StoreError } from '../../store/store.ts';
import { badRequest, expired, tooLargeResourceVersion } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { ServedType } from '../served-type.ts';
import type { AnswerForm } from './answer-form.ts';
import { type Continuation, decodeContinue, encodeContinue } from './continue-token.ts';
import { badRevision, type ListOptions, listOptions, revisionOf } from './list-options.ts';
import type { ObjectList } from './object-list.ts';
import type { ResourceOptions } from './resource-options.ts';
import { type Selection, selectionOf } from './selection.ts';
import { asVersion, collectionPrefix } from './stored-object.ts';

const EXPIRED = 'The resourceVersion for the provided list is too old.';

interface Page {
  readonly entries: readonly Entry[];
  readonly revision: number;
  /** Set when there is more. */
  readonly continue: string | undefined;
  /** How much more; unknown when a selector leaves some out. */
  readonly remaining: number | undefined;
}

/**
 * Answers a collection, or a page of it; all pages of one list show one revision. Throws ApiError 400 for bad selectors and
 * tokens, 410 for a revision that is compacted, 504 for one that lies ahead.
 */
export async function list(
  { store, watchList = true }: ResourceOptions,
  request: ApiRequest,
  answer: AnswerForm,
): Promise<void> {
  const { type, query } = request;
  const options = listOptions(query, false, watchList);
  const selection = selectionOf(request);
  const prefix = collectionPrefix(request);
  const continuation = options.continue === '' ? undefined : decodeContinue(options.continue);
  try {
    const page = readPage(store, prefix, options, selection, continuation);
    answer.list(listOf(type, page));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.reason === 'future') throw tooLargeResourceVersion(askedRevision(options) ?? 0, store.revision);
    if (continuation === undefined) throw expired(EXPIRED);
    answer.expiredPage(encodeContinue({ revision: undefined, after: continuation.after }));
  }
}

function listOf(type: ServedType, page: Page): ObjectList {
  return {
    kind: type.listKind,
    apiVersion: groupVersion(type),
    metadata: {
      resourceVersion: String(page.revision),
      ...(page.continue !== undefined && { continue: page.continue }),
      ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
    },
    items: page.entries.map(({ value }) => asVersion(type, value)),
  };
}

function readPage(
  store: Store,
  prefix: string,
  options: ListOptions,
  selection: Selection,
  continuation: Continuation | undefined,
): Page {
  const revision = continuation === undefined ? exactRevision(store, options) : pageRevision(options, continuation);
  // A list of any state comes whole from kube-apiserver's cache.
  const limit = options.resourceVersion === '0' && continuation === undefined ? 0 : options.limit;
  const range = store.range(prefix, {
    ...(revision !== undefined && { revision }),
    ...(continuation !== undefined && { after: prefix + continuation.after }),
    ...(selection.isEverything && limit > 0 && { limit }),
  });
  const { entries, more } = selected(range, selection, limit);
  const last = entries.at(-1);
  const goesOn = more > 0 && last !== undefined;
  return {
    entries,
    revision: range.revision,
    continue: goesOn ? encodeContinue({ revision: range.revision, after: last.key.slice(prefix.length) }) : undefined,
    remaining: goesOn && selection.isEverything ? more : undefined,
  };
}

function selected({ entries, remaining }: Range, selection: Selection, limit: number) {
  if (selection.isEverything) return { entries, more: remaining };
  const found: Entry[] = [];
  for (const [index, entry] of entries.entries()) {
    if (limit > 0 && found.length === limit) return { entries: found, more: entries.length - index };
    if (selection.matches(entry.value)) found.push(entry);
  }
  return { entries: found, more: 0 };
}

/** The revision that the list must show; undefined for the newest. */
function exactRevision(store: Store, options: ListOptions): number | undefined {
  const revision = askedRevision(options);
  if (revision === undefined) return undefined;
  if (revision > store.revision) throw tooLargeResourceVersion(revision, store.revision);
  // A limit asks for a page of that very revision unless the client says otherwise.
  return options.match === 'Exact' || (options.match === '' && options.limit > 0) ? revision : undefined;
}

function askedRevision({ resourceVersion }: ListOptions): number | undefined {
  const revision = revisionOf(resourceVersion);
  if (revision === undefined) throw badRequest(`invalid resource version: ${badRevision(resourceVersion)}`);
  return revision === 0 ? undefined : revision;
}

function pageRevision({ resourceVersion }: ListOptions, { revision }: Continuation): number | undefined {
  if (resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return revision;
}
