import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { FileWatch } from './file-watch.ts';

/** Watches `files`; `changed` resolves at the next report. */
function watching(t: TestContext, files: readonly string[]) {
  let reports = 0;
  let next = Promise.withResolvers<void>();
  const watch = new FileWatch(
    files,
    () => {
      reports++;
      next.resolve();
    },
    (error) => next.reject(error),
  );
  t.after(() => watch.close());
  return {
    watch,
    reports: () => reports,
    changed: async () => {
      await next.promise;
      next = Promise.withResolvers<void>();
    },
  };
}

test('a file that is written is reported', async (t) => {
  const file = join(await temporaryDirectory(t), 'tls.crt');
  await writeFile(file, 'one');
  const { changed } = watching(t, [file]);
  await writeFile(file, 'two');
  await changed();
});

test('a file that is replaced by rename is reported', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'tls.crt');
  await writeFile(file, 'one');
  const { changed } = watching(t, [file]);
  await writeFile(join(directory, 'tls.crt.new'), 'two');
  await rename(join(directory, 'tls.crt.new'), file);
  await changed();
});

test('a file behind the symbolic link that Kubernetes swaps is reported', async (t) => {
  const directory = await temporaryDirectory(t);
  for (const version of ['..1', '..2']) {
    await mkdir(join(directory, version));
    await writeFile(join(directory, version, 'tls.crt'), version);
  }
  await symlink('..1', join(directory, '..data'));
  await symlink('..data/tls.crt', join(directory, 'tls.crt'));
  const { changed } = watching(t, [join(directory, 'tls.crt')]);
  await symlink('..2', join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  await changed();
});

test('several changes at once are reported together, and a later one again', async (t) => {
  const [one, other] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  const files = [join(one, 'tls.crt'), join(one, 'tls.key'), join(other, 'ca.crt')];
  const { changed, reports } = watching(t, files);
  await Promise.all(files.map((file) => writeFile(file, 'one')));
  await changed();
  assert.equal(reports(), 1);
  await rm(join(other, 'ca.crt'));
  await changed();
  assert.equal(reports(), 2);
});

test('what happens beside the files is not reported', async (t) => {
  const directory = await temporaryDirectory(t);
  const [file, log] = [join(directory, 'tls.crt'), join(directory, 'proxy.log')];
  await writeFile(file, 'one');
  const { reports } = watching(t, [file]);
  const beside = watching(t, [log]);
  await writeFile(log, 'a line');
  await beside.changed();
  assert.equal(reports(), 0);
});

test('a closed watch reports nothing, not even what it has seen', async (t) => {
  const file = join(await temporaryDirectory(t), 'tls.crt');
  const closed = watching(t, [file]);
  const open = watching(t, [file]);
  await writeFile(file, 'one');
  closed.watch.close();
  await open.changed();
  assert.equal(closed.reports(), 0);
});
