import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ApiObject } from '../api-object.ts';
import { corrupt, DataFileError, openFailure, writeFailure } from './data-file-error.ts';
import type { Persistence } from './memory-store.ts';
import type { Entry, StoreEvent } from './store.ts';

/** `PRAGMA application_id` of our files: "mvpl". */
const APPLICATION_ID = 0x6d76706c;
const FORMAT = 1;
const SCHEMA = `
  CREATE TABLE objects (
    key TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, revision INTEGER NOT NULL, value TEXT NOT NULL
  ) STRICT;
  CREATE TABLE history (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
  INSERT INTO history VALUES (1, 1);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`;

/**
 * The present objects and the revision of a store in an SQLite file: WAL, every write synced to the disk before it returns,
 * locked for as long as it is open. Throws DataFileError.
 */
export class DataFile implements Persistence {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #advance: StatementSync;
  readonly #commit: StatementSync;

  constructor(file: string) {
    this.#file = file;
    let database: DatabaseSync | undefined;
    try {
      createPrivate(file);
      database = new (sqlite().DatabaseSync)(file, { timeout: 0 });
      prepareDatabase(database, file);
      this.#begin = database.prepare('BEGIN IMMEDIATE');
      this.#put = database.prepare(
        `INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE
         SET created = excluded.created, revision = excluded.revision, value = excluded.value`,
      );
      this.#delete = database.prepare('DELETE FROM objects WHERE key = ?');
      this.#advance = database.prepare('UPDATE history SET revision = ?');
      this.#commit = database.prepare('COMMIT');
    } catch (error) {
      database?.close();
      throw openFailure(file, error);
    }
    this.#database = database;
  }

  /** Everything that was acknowledged. */
  read(): { revision: number; entries: Entry[] } {
    try {
      const revision = Number(this.#database.prepare('SELECT revision FROM history').get()?.['revision']);
      if (!Number.isSafeInteger(revision)) throw corrupt(this.#file, 'its revision is missing');
      const entries = this.#database
        .prepare('SELECT key, created, revision, value FROM objects')
        .all()
        .map((row) => this.#entry(row, revision));
      return { revision, entries };
    } catch (error) {
      throw openFailure(this.#file, error);
    }
  }

  write(event: StoreEvent): void {
    try {
      this.#begin.run();
      if (event.kind === 'put') {
        const { key, created, revision, value } = event.entry;
        this.#put.run(key, created, revision, JSON.stringify(value));
      } else {
        this.#delete.run(event.last.key);
      }
      this.#advance.run(event.revision);
      this.#commit.run();
    } catch (error) {
      // SQLite may have ended the transaction by itself, depending on the failure.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw writeFailure(this.#file, error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #entry(row: Record<string, unknown>, newest: number): Entry {
    const { key, created, revision, value: text } = row;
    const value = typeof text === 'string' ? parse(text) : undefined;
    const isSound =
      typeof key === 'string' &&
      typeof created === 'number' &&
      typeof revision === 'number' &&
      revision <= newest &&
      value?.metadata?.resourceVersion === String(revision);
    if (!isSound) throw corrupt(this.#file, `the object ${JSON.stringify(key)} is not readable`);
    return { key, created, revision, value };
  }
}

function parse(text: string): ApiObject | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function prepareDatabase(database: DatabaseSync, file: string): void {
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  // Before anything is changed: the file may belong to another program.
  pragma('locking_mode = EXCLUSIVE');
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isEmpty) requireOurs(file, pragma('application_id'), pragma('user_version'));
  pragma('journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  // With the exclusive locking mode, this lock stays until the file is closed.
  database.exec(`BEGIN IMMEDIATE; ${isEmpty ? SCHEMA : ''} COMMIT`);
  const finding = pragma('quick_check(1)');
  if (finding !== 'ok') throw corrupt(file, String(finding));
}

function requireOurs(file: string, application: unknown, format: unknown): void {
  if (application !== APPLICATION_ID) {
    throw new DataFileError(
      'MVP_LAB_DATA_FOREIGN',
      file,
      `The file ${file} is a database of another program. The lab does not touch it. Name another file with --data.`,
    );
  }
  if (typeof format !== 'number' || format > FORMAT) {
    throw new DataFileError(
      'MVP_LAB_DATA_NEWER',
      file,
      `The data file ${file} has format ${format}, this mvproxy knows formats up to ${FORMAT}. A newer mvproxy wrote it. Use that version or a newer one, or name another file with --data.`,
    );
  }
}

/** A new file may be read by its owner only, because Secrets are among its objects; SQLite would not see to that. */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    // Opening an existing file and closing it would drop the locks that this process has on it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** `node:sqlite`, without the warning that Node before 24.15 prints when it is loaded; nothing we use has changed since. */
function sqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
