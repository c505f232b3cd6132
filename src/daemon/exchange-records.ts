import type { ExchangeRecord } from '../observe/exchange-record.ts';
import { type DecisionEntry, decisionEntry } from '../observe/journal/decision-entry.ts';
import type { Journal } from '../observe/journal/journal.ts';

/** Which exchanges get a line in the access log. */
export type AccessLogMode = 'none' | 'notable' | 'all';

export interface ExchangeRecordReaders {
  /** Undefined: nothing is kept. */
  readonly journal: Journal | undefined;
  readonly accessLog: {
    readonly mode: AccessLogMode;
    readonly write: (entry: DecisionEntry) => void;
  };
  /** Gets every record. Must not throw. */
  readonly onExchange?: ((record: ExchangeRecord) => void) | undefined;
}

/** What is done with every record beside counting it; undefined: nothing. */
export function exchangeRecords(readers: ExchangeRecordReaders): ((record: ExchangeRecord) => void) | undefined {
  const { onExchange } = readers;
  const kept = keeper(readers);
  if (kept === undefined || onExchange === undefined) return kept ?? onExchange;
  return (record) => {
    kept(record);
    onExchange(record);
  };
}

function keeper({ journal, accessLog: { mode, write } }: ExchangeRecordReaders) {
  if (mode === 'none') return journal && ((record: ExchangeRecord): void => void journal.answered(record));
  let count = 0;
  return (record: ExchangeRecord): void => {
    const entry = journal === undefined ? decisionEntry(record, ++count) : journal.answered(record);
    if (mode === 'all' || entry.notable) write(entry);
  };
}
