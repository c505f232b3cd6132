import { anySpan, MIB, objectName } from '../content.ts';
import { DiscoveryJudge } from './discovery-judge.ts';
import type { CancelPhase, Plan } from './request-check.ts';
import type { Call, Protocol } from './soak-client.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';
/** Only the newest server serves it. */
const TAINT_RULES = '/apis/resource.k8s.io/v1/devicetaintrules';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const KIB = 1024;
const DEADLINE_MS = 30_000;
/** For what is read slowly on purpose, beyond the time that its rests take. */
const SLOW_DEADLINE_MS = 60_000;
const REST = { bytes: 64 * KIB, ms: 150 };
const CANCELLED_SHARE = 0.05;
/** Of small reads: those that a server thinks about. */
const THOUGHTFUL_SHARE = 0.15;
const THOUGHT_MS = 80;

/** What the requests are, and in which parts of a thousand. */
const MIX: readonly (readonly [make: keyof typeof MAKERS, perMille: number])[] = [
  ['get', 640],
  ['list', 60],
  ['create', 110],
  ['head', 30],
  ['unchanged', 40],
  ['missing', 20],
  ['delete', 10],
  ['ofOneServer', 40],
  ['withTrailers', 15],
  ['discovery', 30],
  ['slow', 5],
];

const discovery = new DiscoveryJudge();
let lastId = 0;

const MAKERS = {
  get(): Plan {
    const span = anySpan(300 + Math.random() * 3_700, Math.random);
    const after = Math.random() < THOUGHTFUL_SHARE ? `?after=${Math.ceil(Math.random() * THOUGHT_MS)}` : '';
    return read('small GET', `${CONFIG_MAPS}/${objectName(span)}${after}`, { kind: 'content', span });
  },
  list(): Plan {
    const span = anySpan(100 * KIB + Math.random() * 924 * KIB, Math.random);
    return read('LIST', `${SECRETS}?limit=500&object=${objectName(span)}`, { kind: 'content', span });
  },
  create(): Plan {
    // As many of each order of magnitude, from 1 KiB to 1 MiB.
    const span = anySpan(KIB * 1024 ** Math.random(), Math.random);
    const id = ++lastId;
    const call: Call = {
      method: 'POST',
      target: `${CONFIG_MAPS}?id=${id}&object=${objectName(span)}`,
      fields: { 'content-type': 'application/json' },
      body: span,
      sendsLength: Math.random() < 0.7,
    };
    const body = { kind: 'text', text: `created ${id} ${span.length}\n` } as const;
    return { kind: 'POST', call, status: 201, body, deadlineMs: DEADLINE_MS, id };
  },
  head(): Plan {
    const span = anySpan(4_000, Math.random);
    const plan = read('HEAD', `${CONFIG_MAPS}/${objectName(span)}`, { kind: 'empty' });
    return { ...plan, call: { ...plan.call, method: 'HEAD' } };
  },
  unchanged(): Plan {
    const name = objectName(anySpan(4_000, Math.random));
    const plan = read('304', `${CONFIG_MAPS}/${name}`, { kind: 'empty' }, { 'if-none-match': `"${name}"` });
    return { ...plan, status: 304 };
  },
  missing(): Plan {
    const judge = (body: Buffer): string | undefined =>
      body.includes('"name":"absent"') ? undefined : `not the server's own 404: ${body.toString('utf8', 0, 200)}`;
    const plan = read('404 of an object', `${CONFIG_MAPS}/absent`, { kind: 'judged', judge });
    return { ...plan, status: 404 };
  },
  delete(): Plan {
    const plan = read('DELETE', `${CONFIG_MAPS}/${objectName(anySpan(400, Math.random))}`, { kind: 'empty' });
    return { ...plan, status: 204, call: { ...plan.call, method: 'DELETE' } };
  },
  ofOneServer(): Plan {
    const span = anySpan(3_000, Math.random);
    return read('GET of a type of one server', `${TAINT_RULES}/${objectName(span)}`, { kind: 'content', span });
  },
  withTrailers(): Plan {
    const span = anySpan(Math.random() * 200 * KIB + 1, Math.random);
    return read(
      'trailers',
      `${CONFIG_MAPS}/${objectName(span)}?trailers=1`,
      { kind: 'content', span },
      { te: 'trailers' },
    );
  },
  discovery(): Plan {
    const fields: Record<string, string> = { accept: AGGREGATED };
    if (Math.random() < 0.5) fields['accept-encoding'] = 'gzip';
    const judge = discovery.judge.bind(discovery);
    const { latest } = discovery;
    if (latest === undefined || Math.random() < 0.5)
      return read('discovery', '/apis', { kind: 'judged', judge }, fields);
    fields['if-none-match'] = latest;
    return { ...read('discovery', '/apis', { kind: 'judged', judge }, fields), status: 304, or: 200 };
  },
  slow(): Plan {
    const span = anySpan(MIB / 2 + Math.random() * (MIB / 2), Math.random);
    const plan = read('slow reader', `${SECRETS}?object=${objectName(span)}`, { kind: 'content', span });
    return { ...plan, rest: REST, deadlineMs: SLOW_DEADLINE_MS };
  },
};

/** The next request of a client that speaks `protocol`. */
export function nextPlan(protocol: Protocol): Plan {
  const plan = MAKERS[drawn()]();
  const cancel = Math.random() < CANCELLED_SHARE ? cancelPhase(plan) : undefined;
  if (cancel !== undefined) return { ...plan, cancel };
  // Over HTTP/1.1 trailers may be left out for who does not say that he takes them (RFC 9110 section 6.5.1).
  if (plan.kind !== 'trailers' || protocol !== 'h2' || plan.body.kind !== 'content') return plan;
  return { ...plan, trailer: `"${objectName(plan.body.span)}"` };
}

function drawn(): keyof typeof MAKERS {
  const total = MIX.reduce((sum, [, perMille]) => sum + perMille, 0);
  let left = Math.random() * total;
  for (const [make, perMille] of MIX) {
    left -= perMille;
    if (left < 0) return make;
  }
  return 'get';
}

function cancelPhase({ call }: Plan): CancelPhase {
  const phases: CancelPhase[] = ['at once', 'after a while', 'after the head', 'within the body'];
  if (call.body !== undefined) phases.push('within the upload', 'within the upload');
  return phases[Math.floor(Math.random() * phases.length)] ?? 'at once';
}

function read(kind: Plan['kind'], target: string, body: Plan['body'], fields: Record<string, string> = {}): Plan {
  const call: Call = { method: 'GET', target, fields, body: undefined, sendsLength: false };
  return { kind, call, status: 200, body, deadlineMs: DEADLINE_MS };
}
