import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { givenPrograms } from './given-programs.ts';
import type { ProgramName } from './programs.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'given-programs-'));
});
after(() => rm(directory, { recursive: true, force: true }));

let programs = 0;
/** A program in a directory of its own that answers a question for its version with `says`. */
async function program(name: ProgramName, says: string): Promise<{ path: string; directory: string }> {
  programs += 1;
  const own = await mkdtemp(join(directory, `${programs}-`));
  const path = join(own, name);
  await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
  await chmod(path, 0o755);
  return { path, directory: own };
}

describe('programs somebody gives', () => {
  it('is the given one of that version', async () => {
    const older = await program('kube-apiserver', 'Kubernetes v1.34.4');
    const newer = await program('kube-apiserver', 'Kubernetes v1.37.2');
    const find = givenPrograms(
      [
        { program: 'kube-apiserver', version: '1.34.4', path: older.path },
        { program: 'kube-apiserver', version: '1.37.2', path: newer.path },
      ],
      {},
    );
    assert.equal(await find('kube-apiserver', '1.37.2'), newer.path);
    assert.equal(await find('kube-apiserver', '1.34.4'), older.path);
  });

  it('refuses a program that says it is of another version, 1.34.40 included', async () => {
    const { path } = await program('kube-apiserver', 'Kubernetes v1.34.40');
    const find = givenPrograms([{ program: 'kube-apiserver', version: '1.34.4', path }], {});
    await assert.rejects(find('kube-apiserver', '1.34.4'), {
      code: 'WrongProgram',
      message: /kube-apiserver 1\.34\.4/,
    });
  });

  it('refuses a given path that is no program', async () => {
    const path = join(directory, 'nowhere');
    const find = givenPrograms([{ program: 'kube-apiserver', version: '1.34.4', path }], {});
    await assert.rejects(find('kube-apiserver', '1.34.4'), { code: 'WrongProgram', message: /not an executable file/ });
  });

  it('looks into $KUBEBUILDER_ASSETS when the version fits', async () => {
    const assets = await program('kube-apiserver', 'Kubernetes v1.36.3');
    const find = givenPrograms([], { KUBEBUILDER_ASSETS: assets.directory });
    assert.equal(await find('kube-apiserver', '1.36.3'), assets.path);
    await assert.rejects(find('kube-apiserver', '1.34.4'), {
      code: 'ProgramMissing',
      message: /--kube-apiserver 1\.34\.4=PATH/,
    });
  });

  it('takes no kube-apiserver from $PATH', async () => {
    const onPath = await program('kube-apiserver', 'Kubernetes v1.36.3');
    const find = givenPrograms([], { PATH: onPath.directory });
    await assert.rejects(find('kube-apiserver', '1.36.3'), { code: 'ProgramMissing' });
  });

  it('takes the first etcd on $PATH that is new enough, whatever version is asked for', async () => {
    const old = await program('etcd', 'etcd Version: 3.4.23');
    const fit = await program('etcd', 'etcd Version: 3.5.17');
    const PATH = [old.directory, fit.directory].join(delimiter);
    assert.equal(await givenPrograms([], { PATH })('etcd', '3.6.5'), fit.path);
    await assert.rejects(givenPrograms([], { PATH: old.directory })('etcd', '3.6.5'), {
      code: 'ProgramMissing',
      message: /Install etcd 3\.5 or newer/,
    });
  });
});
