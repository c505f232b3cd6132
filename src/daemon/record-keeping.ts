import type { AdminPage } from '../admin/admin-page.ts';
import { EventHub, type StatusEvent } from '../admin/event-hub.ts';
import { journalPages } from '../admin/journal-pages.ts';
import { describeStatus } from '../admin/status.ts';
import type { Configuration } from '../config/schema.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import { ACCESS_LOG_MESSAGE, type AccessLogMode, accessLogFields } from '../observe/journal/access-log.ts';
import type { ControlPicture } from '../observe/journal/control-watch.ts';
import { type DecisionEntry, decisionEntry } from '../observe/journal/decision-entry.ts';
import { Journal } from '../observe/journal/journal.ts';
import type { LabelledCounts } from '../observe/labelled-counts.ts';
import type { Logger } from '../observe/logger.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import { clock, type RequestPath } from './request-path.ts';

type ReadRecord = (record: ExchangeRecord) => void;

export interface RecordKeepingParts {
  /** Asked for only once something is shown. */
  readonly path: () => RequestPath;
  /** Where the access log goes. */
  readonly accessLog: Pick<Logger, 'info'>;
  /** Gets every record, too. Must not throw. */
  readonly onExchange: ReadRecord | undefined;
}

/** What a daemon remembers of its requests and servers, and writes into the access log. Counting is another matter. */
export class RecordKeeping {
  /** Is to get every record; undefined: nobody wants them. */
  readonly onExchange: ReadRecord | undefined;
  readonly #journal: Journal | undefined;
  readonly #events: EventHub | undefined;

  /** Without an admin listener nothing is remembered: nobody could read it. */
  constructor({ admin, logging }: Pick<Configuration, 'admin' | 'logging'>, parts: RecordKeepingParts) {
    const { path, accessLog, onExchange } = parts;
    const journal = admin.enabled ? new Journal(clock) : undefined;
    this.#journal = journal;
    this.#events = journal && new EventHub({ journal, clock, status: () => statusOf(path()) });
    const write = (entry: DecisionEntry): void => accessLog.info(ACCESS_LOG_MESSAGE, accessLogFields(entry));
    this.onExchange = both(keeper(journal, logging.accessLog, write), onExchange);
  }

  get pages(): readonly AdminPage[] {
    return this.#journal && this.#events ? journalPages(this.#journal, this.#events) : [];
  }

  /** The registry, or its snapshot, is another one. */
  controlChanged(registry: ServerRegistry): void {
    this.#journal?.see(controlPicture(registry));
  }

  /** Changed files are in use; `what` of them is a sentence without its full stop. */
  reloaded(what: string): void {
    this.#journal?.reloaded(what);
  }

  reloadFailed(): void {
    this.#journal?.reloadFailed();
  }

  /** The drain begins: whoever reads events is to read them elsewhere. */
  stop(): void {
    this.#journal?.stopping();
    this.#events?.close();
  }
}

function keeper(
  journal: Journal | undefined,
  mode: AccessLogMode,
  write: (entry: DecisionEntry) => void,
): ReadRecord | undefined {
  if (mode === 'none') return journal && ((record) => void journal.answered(record));
  let count = 0;
  return (record) => {
    const entry = journal === undefined ? decisionEntry(record, ++count) : journal.answered(record);
    if (mode === 'all' || entry.notable) write(entry);
  };
}

function both(one: ReadRecord | undefined, other: ReadRecord | undefined): ReadRecord | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (record) => {
    one(record);
    other(record);
  };
}

function controlPicture({ monitors, complete, snapshot, merged }: ServerRegistry): ControlPicture {
  const { generation, published } = snapshot;
  const documents = published === undefined ? '' : published['/api'].v2.etag + published['/apis'].v2.etag;
  return { servers: monitors, complete, generation, documents, merged };
}

function statusOf({ registry, counters }: RequestPath): Omit<StatusEvent, 'requestsPerSecond'> {
  const servers = describeStatus(registry, clock()).servers.map(({ name, state, version = '', openExchanges }) => ({
    name,
    state,
    version,
    openExchanges,
  }));
  return { servers, prevented404s: sumOf(counters.prevented), unexpected404s: sumOf(counters.unexpected) };
}

function sumOf(counts: LabelledCounts<never>): number {
  let sum = 0;
  for (const { count } of counts.entries()) sum += count;
  return sum;
}
