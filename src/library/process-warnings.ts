import type { Logger } from '../observe/logger.ts';

/** For hosts that give no logger: what needs somebody's attention becomes a warning of the process. */
export const PROCESS_WARNINGS: Logger = {
  debug: () => {},
  info: () => {},
  warn,
  error: warn,
};

function warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${value instanceof Error ? value.message : value}`,
  );
  process.emitWarning([message, ...details].join(' '), 'MixedVersionProxyWarning');
}
