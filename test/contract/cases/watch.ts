import assert from 'node:assert/strict';
import type { Conversation } from '../conversation.ts';
import { at, textAt } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap } from './objects.ts';

const types = (events: readonly unknown[]) => events.map((event) => at(event, 'type'));

async function revisionOf(server: Conversation, path: string): Promise<string> {
  return textAt((await server.quietly({ path })).json, 'metadata', 'resourceVersion');
}

async function change(server: Conversation, path: string): Promise<void> {
  const steps = [
    { method: 'POST', path, body: configMap('x', { a: '1' }, { labels: { on: '1' } }) },
    { method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '2' }, { labels: { on: '1' } }) },
    { method: 'POST', path, body: configMap('y') },
    { method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '2' }) },
    { method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '3' }, { labels: { on: '1' } }) },
    { method: 'DELETE', path: `${path}/x` },
    { method: 'DELETE', path: `${path}/y` },
  ];
  for (const step of steps) {
    const said = await server.quietly(step);
    assert.ok(said.status < 300, said.text);
  }
}

export const watchCases: readonly ContractCase[] = [
  {
    id: 'watch',
    title: 'reports every change in order, also from the past',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const since = await revisionOf(server, path);
      const live = await server.watch(`${path}?watch=true&resourceVersion=${since}`, 7, () => change(server, path));
      const kinds = ['ADDED', 'MODIFIED', 'ADDED', 'MODIFIED', 'MODIFIED', 'DELETED', 'DELETED'];
      assert.deepEqual(types(live), kinds);
      const past = await server.watch(`${path}?watch=true&resourceVersion=${since}`, 7);
      assert.deepEqual(past, live);
      await server.watch(`/api/v1/watch/namespaces/${server.namespace}/configmaps?resourceVersion=${since}`, 1);
    },
  },
  {
    id: 'watch-selected',
    title: 'reports objects that enter and leave a selection as added and deleted',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const since = await revisionOf(server, path);
      await change(server, path);
      const labelled = await server.watch(`${path}?watch=1&labelSelector=on&resourceVersion=${since}`, 5);
      assert.deepEqual(types(labelled), ['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED']);
      const named = await server.watch(`${path}?watch=1&fieldSelector=metadata.name=y&resourceVersion=${since}`, 2);
      assert.deepEqual(types(named), ['ADDED', 'DELETED']);
    },
  },
  {
    id: 'watch-initial',
    title: 'begins with what is there when no revision is given',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.createCached(path, configMap('b'), configMap('a'));
      await server.watch(`${path}?watch=true`, 2);
      await server.watch(`${path}?watch=true&resourceVersion=0`, 2);
    },
  },
  {
    id: 'watch-list',
    title: 'streams a list, and says with a bookmark when it is complete',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      for (const name of ['b', 'a']) await server.quietly({ method: 'POST', path, body: configMap(name) });
      const list = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const events = await server.watch(`${path}?${list}`, 3);
      assert.equal(at(events, 2, 'type'), 'BOOKMARK');
      const later = await server.watch(`${path}?${list}&labelSelector=on`, 2, async () => {
        const body = configMap('c', {}, { labels: { on: '1' } });
        await server.quietly({ method: 'POST', path, body });
      });
      assert.deepEqual(types(later).toSorted(), ['ADDED', 'BOOKMARK']);
    },
  },
  {
    id: 'watch-refused',
    title: 'refuses watches that contradict themselves',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const queries = [
        'watch=true&sendInitialEvents=true',
        'watch=true&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1',
        'watch=true&resourceVersionMatch=NotOlderThan&resourceVersion=1',
        'sendInitialEvents=true',
        'watch=true&resourceVersion=x',
        'watch=true&labelSelector=a=b=c',
        'watch=true&fieldSelector=data.a=1',
        'watch=true&timeoutSeconds=x',
      ];
      for (const query of queries) await server.ask({ path: `${path}?${query}` });
    },
  },
  {
    id: 'watch-ends',
    title: 'ends a watch cleanly after timeoutSeconds',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.createCached(path, configMap('x'));
      // A server that gets no processor for the second has nothing to say in it.
      const { text } = await server.eventually(
        { path: `${path}?watch=true&timeoutSeconds=1` },
        (said) => said.text !== '',
      );
      assert.deepEqual(
        text
          .trim()
          .split('\n')
          .map((line) => at(JSON.parse(line), 'object', 'metadata', 'name')),
        ['x'],
      );
      await server.ask({ path: `${path}?watch=true&timeoutSeconds=1&labelSelector=none` });
    },
  },
];
