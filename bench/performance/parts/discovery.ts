import { header, httpClient } from '../../../test/real/support/http-client.ts';
import type { Context, Field } from '../context.ts';
import { h2load } from '../load/h2load.ts';
import type { RequestLoad, Sender } from '../load/request-load.ts';
import { BUSY, TITLE } from '../load/titles.ts';
import type { Result } from '../results.ts';
import { authorization, forwarders } from './forwarded.ts';

const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const SHAPE = { ...BUSY, requests: 10_000 };

/** The merged document, for a caller whom the servers let read it: native's and ours. */
export async function measureDiscovery(context: Context): Promise<readonly Result[]> {
  const stage = await context.real();
  const token = await stage.token();
  const { rivals } = forwarders(await context.realField());
  const field: Field = { stage, rivals: rivals.filter(({ name }) => ['native', 'own', 'node'].includes(name)) };
  const tags = new Map<string, string>();
  for (const { url } of field.rivals) tags.set(url, await tagOf(url, stage.pki.servingCa.cert, token));
  const base: RequestLoad = {
    title: '',
    path: '/apis',
    headers: [await authorization(stage), `accept: ${ACCEPT}`],
    ...SHAPE,
  };
  const loads: readonly RequestLoad[] = [
    { ...base, title: TITLE.discoveryGzip, headers: [...base.headers, 'accept-encoding: gzip'] },
    { ...base, title: TITLE.discoveryIdentity },
    { ...base, title: TITLE.discoveryUnchanged, status: 304 },
  ];
  const send: Sender = (url, load) => {
    const conditional = load.status === 304 ? [`if-none-match: ${tags.get(url)}`] : [];
    return h2load(url, { ...load, headers: [...load.headers, ...conditional] }, stage.directory);
  };
  return context.requests(field, loads, { send });
}

async function tagOf(url: string, ca: string, token: string): Promise<string> {
  const client = httpClient({ url, protocol: 'h2', ca, token });
  try {
    const answer = await client.request({ target: '/apis', headers: ['accept', ACCEPT] });
    const tag = header(answer, 'etag');
    if (answer.status !== 200 || tag === undefined)
      throw new Error(`${url}/apis was answered ${answer.status} without ETag`);
    return tag;
  } finally {
    client.close();
  }
}
