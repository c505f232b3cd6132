import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, Worker } from 'node:worker_threads';
import { OpenAPIDocuments } from './openapi-documents.ts';
import { mergeInThread } from './openapi-merge.ts';
import { MERGE_PROGRAM } from './openapi-merge-thread.ts';

const part = (hash: string, body: string) => ({ hash, body: Buffer.from(body) });
const documentWith = (name: string) => `{"openapi":"3.0.0","paths":{"${name}":{}}}`;
const FORMAT = { version: 'v3', encoding: 'json' } as const;

test('what was asked for longest ago is forgotten when there is too much', async () => {
  const one = await new OpenAPIDocuments(FORMAT, 1_000).of([part('A', documentWith('/a'))]);
  const size = one.identity.length + one.gzip.length;
  const documents = new OpenAPIDocuments(FORMAT, 2 * size + 1);
  for (const name of ['a', 'b']) await documents.of([part(name, documentWith(`/${name}`))]);
  assert.ok(documents.get('a'));
  await documents.of([part('c', documentWith('/c'))]);
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => documents.get(name) !== undefined),
    [true, false, true],
  );
});

test('the last one is kept even if it alone is too much', async () => {
  const documents = new OpenAPIDocuments(FORMAT, 0);
  await documents.of([part('a', documentWith('/a'))]);
  await documents.of([part('b', documentWith('/b'))]);
  assert.deepEqual([documents.get('a'), documents.get('b')?.etag], [undefined, '"b"']);
});

test('documents are merged in another thread, and a broken one does not stop the next', async () => {
  const texts = (...some: readonly string[]) => some.map((text) => Buffer.from(text));
  const broken = mergeInThread({ ...FORMAT, documents: texts('{}', '{"paths":') });
  const good = mergeInThread({ ...FORMAT, documents: texts(documentWith('/b'), documentWith('/a')) });
  await assert.rejects(broken, SyntaxError);
  assert.equal(Buffer.from((await good).identity).toString(), '{"openapi":"3.0.0","paths":{"/a":{},"/b":{}}}');
});

test('the thread’s program does nothing in a thread of somebody else', async () => {
  assert.equal(isMainThread, true);
  const worker = new Worker(MERGE_PROGRAM, { workerData: { documents: [] }, execArgv: [] });
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  const [code] = await once(worker, 'exit');
  assert.deepEqual([code, messages], [0, []]);
});
