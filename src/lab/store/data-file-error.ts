export type DataFileErrorCode =
  | 'MVP_LAB_DATA_LOCKED'
  | 'MVP_LAB_DATA_CORRUPT'
  | 'MVP_LAB_DATA_FOREIGN'
  | 'MVP_LAB_DATA_NEWER'
  | 'MVP_LAB_DATA_UNUSABLE'
  | 'MVP_LAB_DATA_NOT_WRITTEN';

/** Why the data file of a lab cannot be used. The message says what happened, what it means and what to do. */
export class DataFileError extends Error {
  readonly code: DataFileErrorCode;
  readonly file: string;

  constructor(code: DataFileErrorCode, file: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DataFileError';
    this.code = code;
    this.file = file;
  }
}

// https://sqlite.org/rescode.html; the low byte of an extended code is its class.
const MISSING_TABLE = 1;
const BUSY = 5;
const READ_ONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** What a failure to open or read `file` means. */
export function openFailure(file: string, error: unknown): unknown {
  if (error instanceof DataFileError) return error;
  switch (sqliteCode(error)) {
    case BUSY:
      return new DataFileError(
        'MVP_LAB_DATA_LOCKED',
        file,
        `The data file ${file} is in use by another process, most likely another lab. Two labs cannot share one file. End the other lab, or name another file with --data.`,
        error,
      );
    case MISSING_TABLE:
    case CORRUPT:
    case NOT_A_DATABASE:
      return corrupt(file, reasonOf(error), error);
  }
  return new DataFileError(
    'MVP_LAB_DATA_UNUSABLE',
    file,
    `The data file ${file} cannot be used: ${reasonOf(error)}. The lab cannot keep its objects there. Check that its directory exists and that you may write to both, or name another file with --data.`,
    error,
  );
}

export function corrupt(file: string, reason: string, cause?: unknown): DataFileError {
  return new DataFileError(
    'MVP_LAB_DATA_CORRUPT',
    file,
    `The data file ${file} is damaged, or is no data file of a lab: ${reason}. Its objects cannot be read completely, so the lab does not start with it and leaves it as it is. Restore a copy of it, or name another file with --data.`,
    cause,
  );
}

/** What a failure to write one change means. */
export function writeFailure(file: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const advice = code === FULL ? 'Free space on its disk' : code === READ_ONLY ? 'Make it writable' : 'Check its disk';
  return new DataFileError(
    'MVP_LAB_DATA_NOT_WRITTEN',
    file,
    `A change could not be written to the data file ${file}: ${reasonOf(error)}. The change was refused and all earlier ones are kept. ${advice} and repeat the request.`,
    error,
  );
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
