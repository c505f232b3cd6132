import type { ProfileSummary } from './results.ts';

/** What `--cpu-prof` writes, as far as it is needed here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Microseconds of the clock that `process.hrtime` reads. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

type CallFrame = CpuProfile['nodes'][number]['callFrame'];

const TOP = 10;

/** V8's names for what is no JavaScript. */
const IDLE = '(idle)';
const GROUP_OF_STATE: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'native code outside of JavaScript'],
]);
const GROUPS: readonly (readonly [pattern: RegExp, group: string])[] = [
  [/\/src\/wire\/(http2|own-http2|node-http2)\//, 'HTTP/2 engine'],
  [/\/src\/wire\//, 'rest of the wire (sockets, HTTP/1.1, tunnels)'],
  [/\/(src|bin|dist)\//, 'proxy (identity, routing, forwarding, metrics)'],
  [/^node:internal\/http2|^node:http2/, 'HTTP/2 engine'],
  [
    /^node:(internal\/|_)?(tls|net|stream|crypto)|^node:(_tls|internal\/(tls|net|streams|stream_base|crypto))/,
    'TLS and sockets',
  ],
  [/^node:/, 'rest of Node'],
  [/\/node_modules\//, 'packages'],
];
/** Functions without a file that encrypt and write, called from JavaScript. */
const NATIVE_SOCKET_WORK =
  /^(writev|writeBuffer|write(Utf8|Latin1|Ascii|Ucs2)String|readStart|readStop|shutdown|start|receive)$/;

/** Where the time of a profile went from `fromUs` to `toUs` of its clock, but for idle time. */
export function summariseProfile(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  fromUs = 0,
  toUs = Number.POSITIVE_INFINITY,
): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byGroup = new Map<string, number>();
  const byFunction = new Map<string, { readonly frame: CallFrame; us: number }>();
  let busyUs = 0;
  let now = startTime;
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id);
    const us = timeDeltas[i] ?? 0;
    now += us;
    if (frame === undefined || frame.functionName === IDLE || now < fromUs || now > toUs) continue;
    busyUs += us;
    const group = groupOf(frame);
    byGroup.set(group, (byGroup.get(group) ?? 0) + us);
    const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}`;
    const entry = byFunction.get(key) ?? { frame, us: 0 };
    entry.us += us;
    byFunction.set(key, entry);
  }
  const share = (us: number): number => us / busyUs;
  return {
    busyMs: busyUs / 1_000,
    groups: [...byGroup].map(([group, us]) => ({ group, share: share(us) })).sort((a, b) => b.share - a.share),
    top: [...byFunction.values()]
      .sort((a, b) => b.us - a.us)
      .slice(0, TOP)
      .map(({ frame, us }) => ({
        function: nameOf(frame),
        where: placeOf(frame),
        group: groupOf(frame),
        share: share(us),
      })),
  };
}

function groupOf({ functionName, url }: CallFrame): string {
  const state = GROUP_OF_STATE.get(functionName);
  if (state !== undefined) return state;
  if (url === '')
    return NATIVE_SOCKET_WORK.test(functionName) ? 'TLS and sockets' : 'native code called from JavaScript';
  return GROUPS.find(([pattern]) => pattern.test(url))?.[1] ?? 'other';
}

function nameOf({ functionName }: CallFrame): string {
  return functionName === '' ? '(anonymous)' : functionName;
}

/** `src/wire/relay.ts:12`, `node:net:800`. */
function placeOf({ url, lineNumber }: CallFrame): string {
  if (url === '') return 'native';
  const path = url.replace(/^file:\/\/.*?\/(?=(?:src|bin|dist|node_modules)\/)/, '');
  return `${path}:${lineNumber + 1}`;
}
