import { type Mutation, type Step, step } from './conversation.ts';
import { data, headers, requestFields } from './frame-builders.ts';

interface Message {
  /** Sizes of the DATA frames; `undefined`: the head ends the stream. */
  readonly body?: readonly number[];
  readonly trailers?: readonly string[];
}

/** A request of its own, in one step for the head and one for the rest. */
const request =
  (fields: (path: string) => readonly string[], { body, trailers }: Message = {}): Mutation =>
  (context) => {
    const id = context.claim();
    const head = fields(`/echo/${id}`);
    const steps: Step[] = [
      step(`HEADERS ${id} ${JSON.stringify(head)}`, headers(id, head, { endStream: body === undefined })),
    ];
    const last = (body?.length ?? 0) - 1;
    for (const [i, size] of (body ?? []).entries()) {
      const endStream = i === last && trailers === undefined;
      steps.push(
        step(`DATA ${id} ${size} octets${endStream ? ' END_STREAM' : ''}`, data(id, Buffer.alloc(size), { endStream })),
      );
    }
    if (trailers !== undefined) {
      steps.push(
        step(`HEADERS ${id} ${JSON.stringify(trailers)} END_STREAM`, headers(id, trailers, { endStream: true })),
      );
    }
    return steps;
  };

const GET = (path: string): string[] => requestFields('GET', path);
const POST = (path: string): string[] => requestFields('POST', path);

/** A GET with more fields. */
const adding = (...more: string[]): Mutation => request((path) => [...GET(path), ...more]);
/** A POST with more fields and DATA of these sizes. */
const posting = (more: readonly string[], body: readonly number[]): Mutation =>
  request((path) => [...POST(path), ...more], { body });
/** A POST of three octets and trailers. */
const trailing = (...trailers: string[]): Mutation => request(POST, { body: [3], trailers });

/** A GET whose field `name` has another value, or none. */
const changing = (name: string, value: string | undefined): Mutation =>
  request((path) => {
    const fields = GET(path);
    const at = fields.indexOf(name);
    fields.splice(at, 2, ...(value === undefined ? [] : [name, value]));
    return fields;
  });

const PSEUDO = [':method', ':scheme', ':authority', ':path'];
const named = (entries: readonly (readonly [string, Mutation])[]): Record<string, Mutation> =>
  Object.fromEntries(entries);

/** Requests that break, or only stretch, the rules of RFC 9113 section 8 about fields. */
export const FIELD_MUTATIONS: Readonly<Record<string, Mutation>> = {
  ...named(PSEUDO.map((name) => [`${name} missing`, changing(name, undefined)])),
  ...named(
    PSEUDO.map((name) => [
      `${name} repeated`,
      request((path) => [...GET(path).slice(0, 8), name, GET(path)[GET(path).indexOf(name) + 1] ?? '']),
    ]),
  ),
  ...named(PSEUDO.map((name) => [`${name} empty`, changing(name, '')])),
  ...named(
    PSEUDO.map((name) => [
      `${name} after a regular field`,
      request((path) => {
        const fields = GET(path);
        const moved = fields.splice(fields.indexOf(name), 2);
        return [...fields, 'accept', '*/*', ...moved];
      }),
    ]),
  ),
  'an unknown pseudo-header field': request((path) => [':foo', 'bar', ...GET(path)]),
  ':status in a request': request((path) => [':status', '200', ...GET(path)]),
  ':protocol without extended CONNECT': request((path) => [':protocol', 'websocket', ...GET(path)]),
  'nothing but fields': request(() => ['accept', '*/*']),
  'no field at all': request(() => []),

  ':path without a slash': changing(':path', 'echo'),
  ':path of an asterisk with GET': changing(':path', '*'),
  ':path of an asterisk with OPTIONS': request(() => requestFields('OPTIONS', '*')),
  ':path in absolute form': changing(':path', 'https://other.test/echo'),
  ':path with a space': changing(':path', '/echo /x'),
  ':path with CR LF': changing(':path', '/echo HTTP/1.1\r\nhost: evil.test\r\n\r\nGET /'),
  ':path with a line feed': changing(':path', '/echo\n'),
  ':path with NUL': changing(':path', '/echo\0'),
  ':path with a tab': changing(':path', '/echo\t'),
  ':path with DEL': changing(':path', '/echo\x7f'),
  ':path with an octet above 0x7f': changing(':path', '/echo/\u00e9'),
  ':path with a fragment': changing(':path', '/echo/#x'),
  ':authority with CR LF': changing(':authority', 'example.test\r\nx-injected: 1'),
  ':authority with user information': changing(':authority', 'user@example.test'),
  ':authority with a space': changing(':authority', 'example .test'),
  ':authority with a slash': changing(':authority', 'example.test/x'),
  ':method with a space': changing(':method', 'GET /x'),
  ':method with CR LF': changing(':method', 'GET\r\n'),
  ':method in lower case': changing(':method', 'get'),
  ':method of another token': changing(':method', 'PURGE'),
  ':scheme of another kind': changing(':scheme', 'ftp'),
  ':scheme http over TLS': changing(':scheme', 'http'),
  ':scheme with a space': changing(':scheme', 'ht tps'),
  'CONNECT with :path': request((path) => requestFields('CONNECT', path)),
  'CONNECT with :authority alone': request(() => [':method', 'CONNECT', ':authority', 'example.test:443']),
  'CONNECT without :authority': request(() => [':method', 'CONNECT']),
  'host beside an equal :authority': adding('host', 'example.test'),
  'host beside another :authority': adding('host', 'evil.test'),
  'host instead of :authority': request((path) => [
    ':method',
    'GET',
    ':scheme',
    'https',
    ':path',
    path,
    'host',
    'example.test',
  ]),
  'two different hosts': request((path) => [
    ':method',
    'GET',
    ':scheme',
    'https',
    ':path',
    path,
    'host',
    'a.test',
    'host',
    'b.test',
  ]),
  'neither host nor :authority': request((path) => [':method', 'GET', ':scheme', 'https', ':path', path]),
  HEAD: request((path) => requestFields('HEAD', path)),

  'a name in upper case': adding('X-Upper', '1'),
  'a name with one letter in upper case': adding('x-uppeR', '1'),
  'an empty name': adding('', 'value'),
  'a name with a space': adding('x y', '1'),
  'a name with a colon': adding('x:y', '1'),
  'a name with CR LF': adding('x\r\ny', '1'),
  'a name with NUL': adding('x\0y', '1'),
  'a name with an octet above 0x7f': adding('x\u00e9', '1'),
  'a name with a comma': adding('x,y', '1'),
  'a name of all characters of a token': adding("x!#$%&'*+-.^_`|~09", '1'),
  'a value with CR': adding('x-value', 'a\rb'),
  'a value with LF': adding('x-value', 'a\nb'),
  'a value with CR LF and a request': adding('x-value', 'a\r\n\r\nGET / HTTP/1.1'),
  'a value with NUL': adding('x-value', 'a\0b'),
  'a value with a control character': adding('x-value', 'a\x01b'),
  'a value with DEL': adding('x-value', 'a\x7fb'),
  'a value with a tab': adding('x-value', 'a\tb'),
  'a value with a space in front': adding('x-value', ' a'),
  'a value with a space behind': adding('x-value', 'a '),
  'a value with a tab in front': adding('x-value', '\ta'),
  'a value with octets above 0x7f': adding('x-value', '\u0080\u00ff'),
  'a value of 8000 octets': adding('x-value', 'v'.repeat(8000)),

  'connection: close': adding('connection', 'close'),
  'connection: keep-alive': adding('connection', 'keep-alive'),
  'keep-alive': adding('keep-alive', 'timeout=5'),
  'proxy-connection': adding('proxy-connection', 'keep-alive'),
  'transfer-encoding: chunked': posting(['transfer-encoding', 'chunked'], [5]),
  'transfer-encoding: identity': adding('transfer-encoding', 'identity'),
  upgrade: adding('upgrade', 'websocket'),
  'http2-settings': adding('http2-settings', 'AAMAAABk'),
  'te: trailers': adding('te', 'trailers'),
  'te: Trailers': adding('te', 'Trailers'),
  'te: gzip': adding('te', 'gzip'),
  'te: trailers, gzip': adding('te', 'trailers, gzip'),
  'te repeated': adding('te', 'trailers', 'te', 'trailers'),
  'expect: 100-continue': posting(['expect', '100-continue'], [4]),
  'expect of another kind': posting(['expect', 'miracles'], [4]),

  'content-length that fits': posting(['content-length', '5'], [2, 3]),
  'content-length above the body': posting(['content-length', '6'], [2, 3]),
  'content-length below the body': posting(['content-length', '4'], [2, 3]),
  'content-length below the first part': posting(['content-length', '1'], [2, 3]),
  'content-length of 0 with a body': posting(['content-length', '0'], [1]),
  'content-length of 0 with DATA of 0 octets': posting(['content-length', '0'], [0]),
  'content-length without a body': adding('content-length', '5'),
  'content-length of 0 without a body': adding('content-length', '0'),
  'content-length with a sign': posting(['content-length', '+5'], [5]),
  'content-length below zero': posting(['content-length', '-5'], [5]),
  'content-length that is no number': posting(['content-length', 'five'], [5]),
  'content-length that is empty': posting(['content-length', ''], [5]),
  'content-length in hexadecimal': posting(['content-length', '0x5'], [5]),
  'content-length with a fraction': posting(['content-length', '5.0'], [5]),
  'content-length with spaces': posting(['content-length', ' 5 '], [5]),
  'content-length with zeros in front': posting(['content-length', '005'], [5]),
  'content-length repeated': posting(['content-length', '5', 'content-length', '5'], [5]),
  'content-length repeated otherwise': posting(['content-length', '5', 'content-length', '6'], [5]),
  'content-length as a list': posting(['content-length', '5, 5'], [5]),
  'content-length of 20 digits': posting(['content-length', '1'.repeat(20)], [5]),
  'content-length above the body with trailers': request((path) => [...POST(path), 'content-length', '4'], {
    body: [3],
    trailers: ['x-sum', '1'],
  }),
  'content-length that fits, with trailers': request((path) => [...POST(path), 'content-length', '3'], {
    body: [3],
    trailers: ['x-sum', '1'],
  }),

  'trailers that fit': trailing('x-sum', '1', 'x-more', '2'),
  'trailers without a body': request(POST, { body: [], trailers: ['x-sum', '1'] }),
  'trailers without fields': trailing(),
  'trailers with a pseudo-header field': trailing(':path', '/evil'),
  'trailers with :status': trailing(':status', '200'),
  'trailers with a name in upper case': trailing('X-Sum', '1'),
  'trailers with connection': trailing('connection', 'close'),
  'trailers with transfer-encoding': trailing('transfer-encoding', 'chunked'),
  'trailers with content-length': trailing('content-length', '3'),
  'trailers with host': trailing('host', 'evil.test'),
  'trailers with te': trailing('te', 'gzip'),
  'trailers with LF': trailing('x-sum', 'a\nb'),
  'trailers without END_STREAM': (context) => {
    const id = context.claim();
    return [
      step(`HEADERS ${id} POST`, headers(id, POST(`/echo/${id}`))),
      step(`DATA ${id}`, data(id, Buffer.alloc(3))),
      step(`HEADERS ${id} without END_STREAM`, headers(id, ['x-sum', '1'])),
      step(`DATA ${id} END_STREAM`, data(id, Buffer.alloc(3), { endStream: true })),
    ];
  },
  'DATA after trailers': (context) => {
    const id = context.claim();
    return [
      step(`HEADERS ${id} POST`, headers(id, POST(`/echo/${id}`))),
      step(`HEADERS ${id} trailers END_STREAM`, headers(id, ['x-sum', '1'], { endStream: true })),
      step(`DATA ${id}`, data(id, Buffer.alloc(3))),
    ];
  },
};
