import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import { type ControlPicture, ControlWatch, type SeenServer } from './control-watch.ts';
import { ServerHistories } from './server-histories.ts';
import { Timeline } from './timeline.ts';

function watching() {
  const histories = new ServerHistories();
  const timeline = new Timeline();
  const watch = new ControlWatch(histories, timeline);
  let picture: ControlPicture = { servers: [], complete: true, generation: 1, documents: '', merged: undefined };
  let now = 0;
  return {
    histories,
    watch,
    see(change: Partial<ControlPicture>) {
      picture = { ...picture, generation: picture.generation + 1, ...change };
      watch.see(picture, ++now * 1_000);
    },
    /** Since the last call, oldest first. */
    news: (
      (seen) => () =>
        timeline.since(seen).map((item) => {
          seen = item.id;
          return item;
        })
    )(0),
  };
}

const server = (name: string, kind: string, gitVersion = '', condition = ''): SeenServer => ({
  spec: { name },
  state: { kind, condition },
  version: parseServerVersion(gitVersion),
});

test('a server that is upgraded: its states with their reasons, its version, and no passing states', () => {
  const { see, news, histories } = watching();
  see({ servers: [server('a', 'probing')] });
  see({ servers: [server('a', 'confirming')] });
  see({ servers: [server('a', 'ready', 'v1.36.3')] });
  see({ servers: [server('a', 'ready', 'v1.36.3')] });
  assert.deepEqual(
    news().map(({ text }) => text),
    ['a joined the control plane.', 'a is ready.'],
  );
  see({ servers: [server('a', 'draining', 'v1.36.3', '/readyz answered 500: it shuts down')] });
  see({ servers: [server('a', 'unready', 'v1.36.3', 'nobody listens')] });
  see({ servers: [server('a', 'confirming', '')] });
  see({ servers: [server('a', 'ready', 'v1.37.2')] });
  assert.deepEqual(
    news().map(({ type, from, to, version, text }) => [type, from, to, version, text]),
    [
      ['server-state', 'ready', 'draining', '1.36.3', 'a is draining: /readyz answered 500: it shuts down.'],
      ['server-state', 'draining', 'unready', '1.36.3', 'a is unready: nobody listens.'],
      ['server-version', '1.36.3', '1.37.2', '1.37.2', 'a is 1.37.2 now; it was 1.36.3.'],
      ['server-state', 'confirming', 'ready', '1.37.2', 'a is ready.'],
    ],
  );
  assert.deepEqual(
    histories.of('a')?.map(({ to, why }) => [to, why]),
    [
      ['ready', ''],
      ['confirming', ''],
      ['unready', 'nobody listens'],
      ['draining', '/readyz answered 500: it shuts down'],
      ['ready', ''],
      ['confirming', ''],
      ['probing', ''],
    ],
  );
});

test('a server that leaves keeps its history', () => {
  const { see, news, histories } = watching();
  see({ servers: [server('a', 'ready'), server('b', 'ready')] });
  news();
  see({ servers: [server('b', 'ready')] });
  assert.deepEqual(
    news().map(({ type, server: name, from, to }) => [type, name, from, to]),
    [['server-left', 'a', 'ready', 'gone']],
  );
  assert.equal(histories.of('a')?.[0]?.to, 'gone');
  see({ servers: [server('c', 'ready')] });
  assert.deepEqual(
    news().map(({ type, server: name }) => [type, name]),
    [
      ['server-joined', 'c'],
      ['server-state', 'c'],
      ['server-left', 'b'],
    ],
  );
});

test('the merged view: what appeared, vanished, and is not vouched for', () => {
  const { see, news, watch } = watching();
  const first = discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'], gears: ['get'] } });
  see({ complete: false, documents: 'x', merged: discoveryOf({ v1: { pods: ['get'] } }) });
  see({ complete: true, documents: 'y', merged: first });
  assert.deepEqual(news(), [], 'what was there at the start is no news');
  const { viewGeneration } = watch;
  see({});
  assert.equal(watch.viewGeneration, viewGeneration);
  see({
    documents: 'z',
    merged: discoveryOf(
      { v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'], cogs: ['get'] }, 'new.io/v1': {} },
      ['new.io/v1'],
    ),
  });
  assert.equal(watch.viewGeneration, viewGeneration + 2);
  const [item] = news();
  assert.deepEqual(item?.appeared, ['cogs.v1.example.com', 'new.io/v1']);
  assert.deepEqual(item?.vanished, ['gears.v1.example.com']);
  assert.match(item?.text ?? '', /^The merged view changed: cogs\.v1\.example\.com, new\.io\/v1 appeared; gears/);
  see({
    documents: 'w',
    merged: discoveryOf({ v1: { pods: ['get'] }, 'new.io/v1': {}, 'example.com/v1': {} }, ['example.com/v1']),
  });
  const [next] = news();
  assert.deepEqual([next?.current, next?.stale], [['new.io/v1'], ['example.com/v1']]);
});

test('other verbs are another view for clients of it, but no news', () => {
  const { see, news, watch } = watching();
  see({ documents: 'a', merged: discoveryOf({ v1: { pods: ['get'] } }) });
  see({ documents: 'b', merged: discoveryOf({ v1: { pods: ['get', 'list'] } }) });
  assert.deepEqual([news(), watch.viewGeneration], [[], 3]);
});

test('histories are bounded, in length and in number', () => {
  const histories = new ServerHistories(2, 3);
  for (let i = 0; i < 10; i++) histories.add('a', { from: '', to: `${i}`, why: '', version: '' }, i);
  assert.deepEqual(
    histories.of('a')?.map(({ to }) => to),
    ['9', '8'],
  );
  for (const name of ['b', 'c', 'a', 'd']) histories.add(name, { from: '', to: 'ready', why: '', version: '' }, 0);
  assert.deepEqual(histories.names, ['c', 'a', 'd']);
  assert.equal(histories.of('b'), undefined);
});
