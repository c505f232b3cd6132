import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { DataFileError, type DataFileErrorCode } from './data-file-error.ts';
import { openStore } from './file-store.ts';
import { sampleObject } from './testing/sample-object.ts';

async function temporaryFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'store-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'lab.db');
}

const failure = (code: DataFileErrorCode, advice: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DataFileError);
  assert.equal(error.code, code);
  assert.match(error.message, advice);
  return true;
};

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

test('a restart brings back objects, their revisions and the revision of the last write, even of a deletion', async (t) => {
  const file = await temporaryFile(t);
  const before = openStore({ file });
  const a = before.put('/a', sampleObject('a', '\u{1f600}\u0000"'), 'absent');
  const b = before.put('/b', sampleObject('b'), 'absent');
  const newA = before.put('/a', sampleObject('a', '\u2028'), a.revision);
  before.delete('/b', b.revision);
  before.close();

  const after = openStore({ file });
  t.after(() => after.close());
  assert.deepEqual([after.revision, after.compacted], [5, 5]);
  assert.deepEqual(after.range('').entries, [newA]);
  assert.equal(newA.created, 2);
  assert.throws(() => after.range('', { revision: 4 }), { reason: 'compacted' });
  assert.throws(() => after.watch('', 4, () => {}), { reason: 'compacted' });
  const seen: number[] = [];
  after.watch('', 5, ({ revision }) => seen.push(revision));
  assert.equal(after.put('/b', sampleObject('b'), 'absent').created, 6);
  assert.deepEqual(seen, [6]);
});

test('a new file begins as a new store in memory does and is readable by its owner only', async (t) => {
  const file = await temporaryFile(t);
  const store = openStore({ file });
  t.after(() => store.close());
  const memory = openStore();
  assert.deepEqual([store.revision, store.compacted], [memory.revision, memory.compacted]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a write is in the file before a watcher or the writer learns of it', async (t) => {
  const file = await temporaryFile(t);
  const store = openStore({ file });
  let inFile = '';
  const watch = store.watch('', 1, () => {
    // Another connection cannot read a locked file; the write-ahead log is plain enough to look for the bytes.
    inFile = readFileSync(`${file}-wal`, 'latin1');
  });
  store.put('/a', sampleObject('a', 'a-content-to-look-for'), 'absent');
  assert.match(inFile, /a-content-to-look-for/);
  watch.close();
  store.close();
});

test('a write that the disk refuses changes nothing and says so', async (t) => {
  const file = await temporaryFile(t);
  openStore({ file }).close();
  change(file, "CREATE TRIGGER refuse BEFORE INSERT ON objects BEGIN SELECT RAISE(ABORT, 'disk is sick'); END");
  const store = openStore({ file });
  t.after(() => store.close());
  const seen: number[] = [];
  store.watch('', 1, ({ revision }) => seen.push(revision));
  const put = () => store.put('/a', sampleObject('a'), 'absent');
  assert.throws(put, failure('MVP_LAB_DATA_NOT_WRITTEN', /disk is sick.*refused.*repeat the request/));
  assert.throws(put, failure('MVP_LAB_DATA_NOT_WRITTEN', /disk is sick/));
  assert.deepEqual([store.revision, store.get('/a'), seen], [1, undefined, []]);
});

test('a file that another lab has open', async (t) => {
  const file = await temporaryFile(t);
  const first = openStore({ file });
  assert.throws(
    () => openStore({ file }),
    failure('MVP_LAB_DATA_LOCKED', /in use by another process.*End the other lab/),
  );
  first.put('/a', sampleObject('a'), 'absent');
  assert.throws(() => openStore({ file }), failure('MVP_LAB_DATA_LOCKED', /in use/));
  first.close();
  openStore({ file }).close();
});

test('a file that is no database, or is damaged, is left as it is', async (t) => {
  const file = await temporaryFile(t);
  const text = 'apiVersion: v1\n'.repeat(500);
  await writeFile(file, text);
  assert.throws(() => openStore({ file }), failure('MVP_LAB_DATA_CORRUPT', /damaged.*Restore a copy.*--data/));
  assert.equal(await readFile(file, 'utf8'), text);
});

test('a damaged object', async (t) => {
  const file = await temporaryFile(t);
  const store = openStore({ file });
  store.put('/a', sampleObject('a'), 'absent');
  store.close();
  const sound = await readFile(file);
  const damages = [
    "UPDATE objects SET value = '{'",
    'UPDATE objects SET revision = 3',
    'UPDATE history SET revision = 1',
    'DELETE FROM history',
    'DROP TABLE objects',
  ];
  for (const sql of damages) {
    await writeFile(file, sound);
    change(file, sql);
    assert.throws(() => openStore({ file }), failure('MVP_LAB_DATA_CORRUPT', /damaged/), sql);
  }
});

test('pages overwritten in the middle of the file', async (t) => {
  const file = await temporaryFile(t);
  const store = openStore({ file });
  for (let i = 0; i < 50; i++) store.put(`/${i}`, sampleObject('a', 'x'.repeat(3000)), 'absent');
  store.close();
  const bytes = await readFile(file);
  bytes.fill(0xff, 8 * 4096, 12 * 4096);
  await writeFile(file, bytes);
  assert.throws(() => openStore({ file }), failure('MVP_LAB_DATA_CORRUPT', /damaged/));
});

test('a file of a newer format', async (t) => {
  const file = await temporaryFile(t);
  openStore({ file }).close();
  change(file, 'PRAGMA user_version = 2');
  assert.throws(
    () => openStore({ file }),
    failure('MVP_LAB_DATA_NEWER', /format 2.*newer mvproxy wrote it.*Use that version/),
  );
});

test("another program's database is not touched", async (t) => {
  const file = await temporaryFile(t);
  change(file, 'CREATE TABLE bookmarks (url TEXT)');
  const before = await readFile(file);
  assert.throws(() => openStore({ file }), failure('MVP_LAB_DATA_FOREIGN', /another program.*--data/));
  assert.deepEqual(await readFile(file), before);
});

test('a file that cannot be made or opened', async (t) => {
  const file = await temporaryFile(t);
  const unusable = failure('MVP_LAB_DATA_UNUSABLE', /cannot be used.*Check that its directory exists/);
  assert.throws(() => openStore({ file: join(file, 'nowhere', 'lab.db') }), unusable);
  assert.throws(() => openStore({ file: join(file, '..') }), unusable);
});
