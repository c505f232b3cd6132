import { type DestinationStream, pino } from 'pino';
import type { Logger } from '../observe/logger.ts';
import type { Environment, TextOutput } from './io.ts';
import { printableLines, printableText } from './printable.ts';

/** Verbosity from which `debug` is written, as Kubernetes components have it. */
const DEBUG_VERBOSITY = 4;

const COLOURS: Readonly<Record<string, string>> = {
  debug: '\u001b[2m',
  info: '',
  warn: '\u001b[33m',
  error: '\u001b[31m',
};
const RESET = '\u001b[0m';

export interface LoggerOptions {
  readonly output: TextOutput;
  /** The value of `--v`. */
  readonly verbosity: number;
  readonly environment: Environment;
}

/** Writes one line per entry: JSON, or plain text when `output` is a terminal. */
export function createLogger({ output, verbosity, environment }: LoggerOptions): Logger {
  const level = verbosity >= DEBUG_VERBOSITY ? 'debug' : 'info';
  const colours = !environment.NO_COLOR;
  const destination = {
    write: (line: string) => void output.write(output.isTTY === true ? plainLine(line, colours) : line),
  };
  return jsonLines(level, destination);
}

/** Writes one line of JSON per entry of `level` and above to `destination`. */
export function jsonLines(level: 'debug' | 'info', destination: DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const withStack = level === 'debug';
  const write =
    (entryLevel: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log[entryLevel](serialisable(fields, withStack), message);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** An Error has no enumerable properties and would be logged as `{}`. */
function serialisable(fields: Readonly<Record<string, unknown>>, withStack: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? describeError(value, withStack) : value,
    ]),
  );
}

function describeError(error: Error, withStack: boolean): Record<string, unknown> {
  const code = 'code' in error ? { code: error.code } : {};
  const cause = error.cause instanceof Error ? { cause: describeError(error.cause, withStack) } : {};
  return { message: error.message, ...code, ...cause, ...(withStack ? { stack: error.stack } : {}) };
}

function plainLine(line: string, colours: boolean): string {
  const { level, time, message, ...fields }: Record<string, unknown> = JSON.parse(line);
  const label = String(level);
  const extra = Object.entries(fields).map(([key, value]) => ` ${key}=${plainValue(value)}`);
  const text = `${String(time)} ${label.toUpperCase().padEnd(5)} ${printableLines(String(message))}${printableText(extra.join(''))}`;
  const colour = colours ? (COLOURS[label] ?? '') : '';
  return colour === '' ? `${text}\n` : `${colour}${text}${RESET}\n`;
}

function plainValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
