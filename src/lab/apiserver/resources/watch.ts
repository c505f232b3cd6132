import { randomInt } from 'node:crypto';
import { groupVersion } from '../../api-object.ts';
import type { Entry, Store, Watch } from '../../store/store.ts';
import { ApiError } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { ServedType } from '../served-type.ts';
import type { AnswerForm } from './answer-form.ts';
import { type ListOptions, listOptions } from './list-options.ts';
import type { ResourceOptions } from './resource-options.ts';
import { selectionOf } from './selection.ts';
import { asVersion, collectionPrefix } from './stored-object.ts';
import { type WatchEvent, watchEvent } from './watch-event.ts';
import { requireHistory, type WatchStart, watchStart } from './watch-start.ts';
import { type Frame, WatchStream } from './watch-stream.ts';

const BOOKMARK_INTERVAL_MS = 60_000;
const BUFFER = 1000;
const MIN_TIMEOUT_SECONDS = 1800;
/** Node's timers hold no more. */
const MAX_TIMEOUT_SECONDS = 2_000_000;
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

const defaultTimeout = () => MIN_TIMEOUT_SECONDS + randomInt(MIN_TIMEOUT_SECONDS);

/**
 * Streams the changes of a collection until the client leaves, the time is over, the type is served no more or the
 * server drains. Throws ApiError for
 * bad options; what goes wrong with the history is an ERROR event in a stream, as kube-apiserver reports it.
 */
export async function watch(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { exchange, type, query } = request;
  const { store, types, closing, watchBuffer = BUFFER, watchList = true } = context;
  const options = listOptions(query, true, watchList);
  const selection = selectionOf(request);
  const prefix = collectionPrefix(request);
  const start = watchStart(store, options);

  const frame =
    (event: WatchEvent): Frame =>
    () =>
      answer.event(inVersion(type, event));
  const fields = ['content-type', 'application/json', 'cache-control', 'no-cache, private'];
  const sink = exchange.respond({ status: 200, fields }, exchange.head.method === 'HEAD');
  let changes: Watch | undefined;
  let stopClock = () => {};
  let stopWaiting = () => {};
  const end = () => stream.end();
  const stream = new WatchStream(sink, watchBuffer, () => {
    changes?.close();
    stopClock();
    stopWaiting();
    closing?.removeEventListener('abort', end);
    exchange.onAbort = undefined;
  });
  exchange.onAbort = () => stream.giveUp();

  try {
    requireHistory(store, options, start);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    stream.begin([frame({ type: 'ERROR', object: error.status })]);
    stream.end();
    return;
  }

  const entries = start.withState ? store.range(prefix).entries : [];
  const state = entries.filter(({ value }) => selection.matches(value));
  const isEndMarked = options.sendInitialEvents === true && options.allowWatchBookmarks;
  const endMarks = isEndMarked ? [bookmarkOf(type, store.revision, INITIAL_EVENTS_END)] : [];
  changes = watchAfter(store, prefix, start, (change) => {
    const event = watchEvent(change, selection);
    if (event !== undefined) stream.send(frame(event));
  });
  stream.begin(initialFrames(frame, state, endMarks));
  if (closing?.aborted) return stream.end();
  closing?.addEventListener('abort', end);

  if (type.custom !== undefined) stopWaiting = types.onGone?.(type, end) ?? stopWaiting;
  stopClock = startClock(context, options, stream, () => frame(bookmarkOf(type, store.revision)));
}

/** Sends bookmarks from time to time and ends the stream when its time is over. Returns what stops that. */
function startClock(
  { bookmarkIntervalMs = BOOKMARK_INTERVAL_MS, watchTimeoutSeconds = defaultTimeout }: ResourceOptions,
  { allowWatchBookmarks, timeoutSeconds }: ListOptions,
  stream: WatchStream,
  bookmark: () => Frame,
): () => void {
  // A bookmark says that everything before it was sent.
  const sendBookmark = () => {
    if (allowWatchBookmarks && stream.isIdle) stream.send(bookmark());
  };
  const onTimeout = () => {
    sendBookmark();
    stream.end();
  };
  const seconds = Math.min(timeoutSeconds || watchTimeoutSeconds(), MAX_TIMEOUT_SECONDS);
  const interval = setInterval(sendBookmark, bookmarkIntervalMs).unref();
  const timeout = setTimeout(onTimeout, seconds * 1000).unref();
  return () => {
    clearInterval(interval);
    clearTimeout(timeout);
  };
}

/** As `store.watch`, and for a revision that lies ahead only what comes after it. */
function watchAfter(
  store: Store,
  prefix: string,
  { after }: WatchStart,
  listener: Parameters<Store['watch']>[2],
): Watch {
  if (after <= store.revision) return store.watch(prefix, after, listener);
  return store.watch(prefix, store.revision, (change) => {
    if (change.revision > after) listener(change);
  });
}

/** Frames of a state that may be long are made one by one. */
function* initialFrames(
  frame: (event: WatchEvent) => Frame,
  state: readonly Entry[],
  end: readonly WatchEvent[],
): Iterable<Frame> {
  for (const { value } of state) yield frame({ type: 'ADDED', object: value });
  for (const event of end) yield frame(event);
}

function inVersion(type: ServedType, event: WatchEvent): WatchEvent {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK') return event;
  return { type: event.type, object: asVersion(type, event.object) };
}

function bookmarkOf(
  type: ServedType,
  revision: number,
  annotations?: Readonly<Record<string, string>>,
): Extract<WatchEvent, { type: 'BOOKMARK' }> {
  const metadata = { resourceVersion: String(revision), ...(annotations !== undefined && { annotations }) };
  return { type: 'BOOKMARK', object: { kind: type.kind, apiVersion: groupVersion(type), metadata } };
}
