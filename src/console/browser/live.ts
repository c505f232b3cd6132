import type { Decision, LiveStatus, TimelineItem } from '../model/answers.ts';
import { passes } from '../model/decisions.ts';
import { pageUrl } from './admin-api.ts';
import { decisionFilters, type Reader } from './reader.ts';
import type { Store } from './store.ts';

/** Events of one moment are shown together: a busy proxy has thousands of decisions a second. */
const GATHER_MS = 100;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;
/** Where there are no events, pages are asked this often. */
const POLL_MS = 2_000;
/** Ages of discovery and reasons of states are in no event. */
const STATUS_MS = 2_000;
/** The proxy says something every ten seconds; a connection may be lost without an end, as through a tunnel that hangs. */
const SILENT_MS = 25_000;

/** Keeps the store current until the page is closed: by events, or by polling where there are none. */
export interface Live {
  start(): void;
  /** Tries at once to reach a proxy that was lost. */
  retry(): void;
  /** The filters of decisions are others now: so are the events. */
  refilter(): void;
}

export function createLive(store: Store, reader: Reader): Live {
  let source: EventSource | undefined;
  let lastId = '';
  /** By `performance.now()`. */
  let heardAt = 0;
  let unexpected404s: number | undefined;
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setInterval> | undefined;

  const decisions = gathered<Decision>((items) => {
    // The last ones of a stream with other filters may still be on their way.
    const filters = decisionFilters(store);
    const wanted = items.filter((item) => passes(item, filters));
    if (wanted.length > 0) store.dispatch({ kind: 'heard-decisions', items: wanted });
  });
  const timeline = gathered<TimelineItem>((items) => {
    store.dispatch({ kind: 'heard-timeline', items });
    reader.overtake('timeline');
    void reader.status();
    if (items.some(({ type }) => type === 'unexpected-404')) void reader.unexpected();
  });
  const status = (value: LiveStatus): void => {
    store.dispatch({ kind: 'heard-status', value });
    // Of a kind that was seen before there is nothing else to hear.
    if (value.unexpected404s !== unexpected404s) void reader.unexpected();
    unexpected404s = value.unexpected404s;
  };

  function connect(): void {
    clearTimeout(retryTimer);
    source?.close();
    // The browser's own way to reconnect tells neither when it tries again nor that it gave up.
    const filters = decisionFilters(store);
    const opened = new EventSource(pageUrl('events', lastId === '' ? filters : { ...filters, after: lastId }));
    source = opened;
    heardAt = performance.now();
    opened.onopen = () => {
      heardAt = performance.now();
      stopPolling();
      const isFirst = failures === 0;
      failures = 0;
      store.dispatch({ kind: 'linked', link: { kind: 'live' } });
      // Without an id there is nothing to resume from.
      if (lastId === '' || !isFirst) void reader.all();
    };
    opened.onerror = () => void failed(opened);
    const on = <T>(type: string, handle: (data: T) => void) =>
      opened.addEventListener(type, (event: MessageEvent<string>) => {
        lastId = event.lastEventId;
        heardAt = performance.now();
        handle(JSON.parse(event.data));
      });
    on<Decision>('decision', decisions);
    on<TimelineItem>('timeline', timeline);
    on<LiveStatus>('status', status);
    on<{ decisions: number }>('left-out', (value) => store.dispatch({ kind: 'left-out', count: value.decisions }));
    on('view', () => void Promise.all([reader.skew(), reader.status()]));
    on('reset', () => void reader.all());
  }

  /** Either the proxy is away, or it is there and has no events. */
  async function failed(opened: EventSource): Promise<void> {
    opened.close();
    if (source !== opened) return;
    source = undefined;
    failures += 1;
    const answers = await fetch(pageUrl('livez'), { signal: AbortSignal.timeout(LAST_RETRY_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    // Somebody did not want to wait.
    if (source !== undefined) return;
    if (answers) {
      startPolling();
      if (failures === 1) return connect();
    } else stopPolling();
    store.dispatch({ kind: 'linked', link: answers ? { kind: 'polling' } : { kind: 'lost', since: Date.now() } });
    retryTimer = setTimeout(connect, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, failures - 1)));
  }

  /** What no event tells. Also while nobody looks: the title of the tab is the answer. */
  function look(): void {
    store.dispatch({ kind: 'tick', now: Date.now() });
    if (source !== undefined && performance.now() - heardAt > SILENT_MS) void failed(source);
    else if (store.state.link.kind === 'live') void reader.refresh();
  }

  function startPolling(): void {
    if (pollTimer !== undefined) return;
    void reader.all();
    pollTimer = setInterval(() => void reader.news(), POLL_MS);
  }

  function stopPolling(): void {
    clearInterval(pollTimer);
    pollTimer = undefined;
  }

  return {
    start() {
      connect();
      setInterval(look, STATUS_MS);
    },
    retry() {
      if (store.state.link.kind === 'lost') connect();
    },
    refilter() {
      void reader.decisions();
      const { kind } = store.state.link;
      if (kind === 'live' || kind === 'connecting') connect();
    },
  };
}

/** Hands over together what arrives within `GATHER_MS`. */
function gathered<T>(handle: (items: readonly T[]) => void): (item: T) => void {
  let waiting: T[] = [];
  return (item) => {
    if (waiting.push(item) > 1) return;
    setTimeout(() => {
      const items = waiting;
      waiting = [];
      handle(items);
    }, GATHER_MS);
  };
}
