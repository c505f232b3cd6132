import assert from 'node:assert/strict';
import type { Conversation } from '../conversation.ts';
import { listAt, textAt } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap } from './objects.ts';

const names = (list: unknown) => listAt(list, 'items').map((item) => textAt(item, 'metadata', 'name'));

async function five(server: Conversation): Promise<string> {
  const path = server.in('v1', 'configmaps');
  for (const [at, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    const labels = { number: String(at), ...(at % 2 === 0 && { even: '' }), kind: at < 3 ? 'low' : 'high' };
    const made = await server.quietly({ method: 'POST', path, body: configMap(name, { at: name }, { labels }) });
    assert.equal(made.status, 201, made.text);
  }
  return path;
}

export const listCases: readonly ContractCase[] = [
  {
    id: 'list',
    title: 'lists objects by name, and nothing',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.ask({ path });
      await five(server);
      await server.ask({ path });
      await server.ask({ path: '/api/v1/namespaces/contract-none/configmaps' });
      await server.ask({ path: server.in('apps/v1', 'deployments') });
    },
  },
  {
    id: 'list-pages',
    title: 'lists in pages of one revision',
    async talk(server) {
      const path = await five(server);
      const first = await server.ask({ path: `${path}?limit=2` });
      const token = encodeURIComponent(textAt(first.json, 'metadata', 'continue'));
      await server.quietly({ method: 'POST', path, body: configMap('b2') });
      const second = await server.ask({ path: `${path}?limit=2&continue=${token}` });
      const next = encodeURIComponent(textAt(second.json, 'metadata', 'continue'));
      const third = await server.ask({ path: `${path}?limit=2&continue=${next}` });
      assert.deepEqual([...names(first.json), ...names(second.json), ...names(third.json)], ['a', 'b', 'c', 'd', 'e']);
      const all = await server.ask({ path: `${path}?limit=6` });
      assert.equal(names(all.json).length, 6);
      await server.ask({ path: `${path}?limit=1&labelSelector=kind=high` });
      await server.ask({ path: `${path}?limit=2&continue=bad` });
      await server.ask({ path: `${path}?limit=x` });
      await server.ask({ path: `${path}?limit=2&continue=${token}&resourceVersion=5` });
    },
  },
  {
    id: 'list-selectors',
    title: 'selects by labels and fields',
    async talk(server) {
      const path = await five(server);
      const keep = ({ json, text, status }: { json: unknown; text: string; status: number }) =>
        status === 200 ? names(json) : (json ?? text);
      const labels = [
        'kind=low',
        'kind==high',
        'kind!=low',
        'even',
        '!even',
        'number in (1,2,9)',
        'number notin (1,2)',
        'none notin (1)',
        'kind=low,even',
        'number>2',
        'number<2',
        'kind=',
        '',
        'a=b=c',
        'in (',
        'kind in low',
        'bad key=1',
      ];
      for (const selector of labels) {
        await server.ask({ path: `${path}?labelSelector=${encodeURIComponent(selector)}` }, { keep });
      }
      const fields = [
        'metadata.name=c',
        'metadata.name!=c',
        'metadata.name=c,metadata.name!=c',
        `metadata.namespace=${server.namespace}`,
        'metadata.namespace=other',
        'data.at=c',
        'metadata.name',
        'metadata.name=c,',
      ];
      for (const selector of fields) {
        await server.ask({ path: `${path}?fieldSelector=${encodeURIComponent(selector)}` }, { keep });
      }
      await server.ask({ path: '/api/v1/configmaps?labelSelector=kind=high,number=3' }, { keep });
    },
  },
  {
    id: 'list-revisions',
    title: 'lists at revisions',
    async talk(server) {
      const path = await five(server);
      const now = await server.quietly({ path });
      const revision = textAt(now.json, 'metadata', 'resourceVersion');
      await server.quietly({ method: 'DELETE', path: `${path}/a` });
      const keep = ({ json, text, status }: { json: unknown; text: string; status: number }) =>
        status === 200 ? names(json) : (json ?? text);
      await server.ask({ path: `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact` }, { keep });
      await server.ask({ path: `${path}?resourceVersion=${revision}&limit=2&resourceVersionMatch=Exact` }, { keep });
      await server.ask({ path: `${path}?resourceVersionMatch=Exact` }, { keep });
      await server.ask({ path: `${path}?resourceVersion=0&resourceVersionMatch=Exact` }, { keep });
      await server.ask({ path: `${path}?resourceVersion=${revision}&resourceVersionMatch=Sometimes` }, { keep });
      await server.ask({ path: `${path}?resourceVersion=x` }, { keep });
      await server.ask({ path: `${path}?resourceVersion=999999999` }, { keep });
      await server.ask({ path: `${path}/b?resourceVersion=999999999` });
    },
  },
];
