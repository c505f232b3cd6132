import { randomInt } from 'node:crypto';
import { groupVersion } from '../../api-object.ts';
import type { Store, Watch } from '../../store/store.ts';
import { ApiError } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { ServedType } from '../served-type.ts';
import type { AnswerForm } from './answer-form.ts';
import { listOptions } from './list-options.ts';
import type { ResourceOptions } from './resource-options.ts';
import { selectionOf } from './selection.ts';
import { asVersion, collectionPrefix } from './stored-object.ts';
import { type Bookmark, type WatchEvent, watchEvent } from './watch-event.ts';
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
 * Streams the changes of a collection until the client leaves, the time is over or the server drains. Throws ApiError for
 * bad options; what goes wrong with the history is an ERROR event in a stream, as kube-apiserver reports it.
 */
export async function watch(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { exchange, type, query } = request;
  const { store, closing, watchBuffer = BUFFER, watchList = true } = context;
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
  const timers = new Set<NodeJS.Timeout>();
  const onClosing = () => stream.end();
  const stream = new WatchStream(sink, watchBuffer, () => {
    changes?.close();
    for (const timer of timers) clearTimeout(timer);
    closing?.removeEventListener('abort', onClosing);
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

  const bookmark = (annotations?: Bookmark['metadata']['annotations']) =>
    frame({ type: 'BOOKMARK', object: bookmarkOf(type, store.revision, annotations) });
  const state = start.withState ? store.range(prefix).entries.filter(({ value }) => selection.matches(value)) : [];
  const end = options.sendInitialEvents === true && options.allowWatchBookmarks ? [bookmark(INITIAL_EVENTS_END)] : [];
  changes = watchAfter(store, prefix, start, (change) => {
    const event = watchEvent(change, selection);
    if (event !== undefined) stream.send(frame(event));
  });
  stream.begin(
    initialFrames(
      state.map(({ value }): WatchEvent => ({ type: 'ADDED', object: value })),
      frame,
      end,
    ),
  );
  if (closing?.aborted) return stream.end();
  closing?.addEventListener('abort', onClosing);

  if (options.allowWatchBookmarks) {
    const interval = context.bookmarkIntervalMs ?? BOOKMARK_INTERVAL_MS;
    timers.add(setInterval(() => stream.isIdle && stream.send(bookmark()), interval).unref());
  }
  const seconds = options.timeoutSeconds || (context.watchTimeoutSeconds ?? defaultTimeout)();
  const onTimeout = () => {
    if (options.allowWatchBookmarks && stream.isIdle) stream.send(bookmark());
    stream.end();
  };
  timers.add(setTimeout(onTimeout, Math.min(seconds, MAX_TIMEOUT_SECONDS) * 1000).unref());
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

function* initialFrames(
  events: readonly WatchEvent[],
  frame: (event: WatchEvent) => Frame,
  end: readonly Frame[],
): Iterable<Frame> {
  for (const event of events) yield frame(event);
  yield* end;
}

function inVersion(type: ServedType, event: WatchEvent): WatchEvent {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK') return event;
  return { type: event.type, object: asVersion(type, event.object) };
}

function bookmarkOf(type: ServedType, revision: number, annotations: Bookmark['metadata']['annotations']): Bookmark {
  const metadata = { resourceVersion: String(revision), ...(annotations !== undefined && { annotations }) };
  return { kind: type.kind, apiVersion: groupVersion(type), metadata };
}
