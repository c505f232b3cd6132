import { openSync } from 'node:fs';
import { openAccessLog } from '../../src/cli/access-log.ts';
import { API_VERSION, configurationSchema, KIND } from '../../src/config/schema.ts';
import { RecordKeeping } from '../../src/daemon/record-keeping.ts';
import { ExchangeCounters } from '../../src/observe/exchange-counters.ts';
import type { ExchangeObserver } from '../../src/observe/exchange-record.ts';
import type { Logger } from '../../src/observe/logger.ts';

/** What a proxy can do about the requests that it has answered, each with all of the one before. */
export const VARIANTS = ['nothing', 'metrics', 'metrics and journal', 'metrics, journal and access log'] as const;
export type Variant = (typeof VARIANTS)[number];

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const NOTHING: ExchangeObserver = {
  answered: () => {},
  retried: () => {},
  relayedDiscovery: () => {},
  defect: () => {},
};

/** Joined as the daemon joins them. The access log of all requests goes to `/dev/null`: disks are not compared here. */
export function observerOf(variant: Variant): ExchangeObserver {
  if (variant === 'nothing') return NOTHING;
  const counters = new ExchangeCounters(SILENT);
  if (variant === 'metrics') return counters;
  const accessLog = variant === 'metrics and journal' ? 'none' : 'all';
  const servers = [{ name: 'a', url: 'https://192.0.2.1' }];
  const settings = configurationSchema.parse({ apiVersion: API_VERSION, kind: KIND, servers, logging: { accessLog } });
  const output = { fd: openSync('/dev/null', 'w'), isTTY: false, write: () => true };
  const log = openAccessLog(accessLog, { output, environment: {} });
  const { onExchange } = new RecordKeeping(settings, {
    path: () => {
      throw new Error('nobody asks');
    },
    accessLog: log?.lines ?? SILENT,
    onExchange: undefined,
  });
  return {
    answered(record) {
      counters.answered(record);
      onExchange?.(record);
    },
    retried: (cause) => counters.retried(cause),
    relayedDiscovery: (form, isRoot) => counters.relayedDiscovery(form, isRoot),
    defect: (error) => counters.defect(error),
  };
}
