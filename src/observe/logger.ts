/**
 * Where the library writes its log. `fields` are structured data beside the message; they never contain tokens,
 * request bodies or the data of Secrets.
 */
export interface Logger {
  /** For finding a fault; off by default. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something an operator wants to see in normal operation. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Works, but not as intended; the message says what to do. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something was not done; the message says what it means and what to do. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The same log with further fields in every entry. */
export function withFields(logger: Logger, more: Readonly<Record<string, unknown>>): Logger {
  return {
    debug: (message, fields) => logger.debug(message, { ...more, ...fields }),
    info: (message, fields) => logger.info(message, { ...more, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...more, ...fields }),
    error: (message, fields) => logger.error(message, { ...more, ...fields }),
  };
}
