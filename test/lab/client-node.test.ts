import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { Inbox } from '../support/loopback.ts';
import { runLab } from './support/running-lab.ts';

const namespace = 'default';

for (const front of ['gateway', 'built-in'] as const) {
  test(`an informer of @kubernetes/client-node sees every change, ${front}`, async (t) => {
    const lab = await runLab(front);
    t.after(() => lab.close());
    const config = new KubeConfig();
    config.loadFromFile(lab.kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    await api.createNamespacedConfigMap({ namespace, body: configMap('before', '0') });

    const seen = new Inbox<string>();
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
      api.listNamespacedConfigMap({ namespace }),
    );
    const see = (event: string) => (object: V1ConfigMap) =>
      seen.put(`${event} ${object.metadata?.name} ${object.data?.['value']}`);
    informer.on('add', see('add'));
    informer.on('update', see('update'));
    informer.on('delete', see('delete'));
    t.after(() => informer.stop());
    await informer.start();

    const expected = ['add before 0'];
    for (let round = 0; round < 20; round++) {
      const name = `c-${round}`;
      await api.createNamespacedConfigMap({ namespace, body: configMap(name, 'one') });
      await api.replaceNamespacedConfigMap({ namespace, name, body: configMap(name, 'two') });
      await api.deleteNamespacedConfigMap({ namespace, name });
      expected.push(`add ${name} one`, `update ${name} two`, `delete ${name} two`);
    }
    const events: string[] = [];
    while (events.length < expected.length) events.push(await seen.next());
    assert.deepEqual(events, expected);
  });
}

function configMap(name: string, value: string): V1ConfigMap {
  return { metadata: { name }, data: { value } };
}
