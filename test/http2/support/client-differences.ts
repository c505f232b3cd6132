import type { KnownDifference } from './compare-outcomes.ts';

const ALIVE = /^alive$/;
const ON_STREAM = /^streams \d+$/;
const ANSWER = /^answers \d+$/;

/** Names and values that RFC 9113 calls malformed and nghttp2 leaves out of the answer. */
const INVALID_FIELDS = [
  'an empty name',
  'a name with a space',
  'a name with a colon',
  'a name with CR LF',
  'a name with NUL',
  'a value with CR LF',
  'a value with LF',
  'a value with NUL',
  'a value with a control character',
  'a value with a space in front',
  'a value with a space behind',
  'trailers with LF',
];

/** Where the engines may differ in the client role. */
export const CLIENT_DIFFERENCES: readonly KnownDifference[] = [
  {
    mutations: ['PING ACK nobody waits for'],
    where: /^connection$/,
    own: ALIVE,
    node: /^closed INTERNAL_ERROR$/,
    rule: 'RFC 9113 section 6.7',
    why: 'Nothing is said about acknowledgements without reason.',
  },
  {
    mutations: ['GOAWAY twice with a higher number'],
    where: /^connection$/,
    own: /^(alive|closed NO_ERROR)$/,
    node: /^closed PROTOCOL_ERROR$/,
    rule: 'RFC 9113 section 6.8',
    why: 'A sender must not do so; nothing is said about the receiver.',
  },
  {
    mutations: ['WINDOW_UPDATE by 0 for a stream', 'a stream window above its maximum'],
    where: /^connection$/,
    own: ALIVE,
    node: /^closed (FLOW_CONTROL_ERROR|PROTOCOL_ERROR)$/,
    rule: 'RFC 9113 sections 6.9, 6.9.1 and 5.4.1',
    why: 'An error of the stream that nghttp2 takes for one of the connection.',
  },
  {
    mutations: ['DATA before HEADERS', 'DATA of 0 octets before HEADERS', 'DATA after a 1xx head'],
    where: /^connection$/,
    own: ALIVE,
    node: /^closed (PROTOCOL_ERROR|INTERNAL_ERROR)$/,
    rule: 'RFC 9113 sections 8.1.1 and 5.4.1',
    why: 'An error of the stream that nghttp2 takes for one of the connection.',
  },
  {
    where: ON_STREAM,
    own: (own, node) => own === `${node}, RST_STREAM STREAM_CLOSED`,
    rule: 'RFC 9113 section 5.1 (closed)',
    why: 'nghttp2 forgets streams that are over and ignores their frames.',
  },
  {
    mutations: ['END_STREAM and RST_STREAM NO_ERROR'],
    where: ON_STREAM,
    own: (own, node) => own === `${node}, RST_STREAM CANCEL`,
    rule: 'RFC 9113 section 8.1',
    why: 'Ours gives up the rest of the request as soon as the answer is whole, and reads the RST_STREAM behind it later.',
  },
  {
    mutations: INVALID_FIELDS,
    where: ON_STREAM,
    own: /RST_STREAM PROTOCOL_ERROR$/,
    node: /(end|octets|RST_STREAM CANCEL)$/,
    rule: 'RFC 9113 section 8.2.1',
    why: 'Malformed; nghttp2 only leaves the field out.',
  },
  {
    mutations: INVALID_FIELDS,
    where: ANSWER,
    own: /(failed reset protocol processed=unknown|reset protocol)$/,
    node: /, end \[\]$/,
    rule: 'RFC 9113 section 8.2.1',
    why: 'As above.',
  },
  {
    mutations: ['content-length below the body', 'content-length of 0 with a body'],
    where: /^connection$/,
    own: ALIVE,
    node: /^closed INTERNAL_ERROR$/,
    rule: 'RFC 9113 sections 8.1.1 and 5.4.1',
    why: 'An error of the stream that Node takes for one of the connection.',
  },
  {
    mutations: ['a body in an answer to HEAD', 'a body of a 204', 'a body of a 304'],
    where: /^connection$/,
    own: ALIVE,
    node: /^closed INTERNAL_ERROR$/,
    rule: 'RFC 9113 sections 8.1.1 and 5.4.1',
    why: 'An error of the stream that Node takes for one of the connection.',
  },
  {
    mutations: ['a 1xx head with content-length', 'content-length of a 204'],
    where: ON_STREAM,
    // It may then be told of frames on a stream that is over.
    own: /(end|octets|RST_STREAM (CANCEL|STREAM_CLOSED))$/,
    node: /RST_STREAM PROTOCOL_ERROR$/,
    rule: 'RFC 9110 section 8.6',
    why: 'The field must not be there. Ours takes it away, as nghttp2 does with a length of 0; a length that is not 0 it refuses.',
  },
  {
    mutations: ['a 1xx head with content-length', 'content-length of a 204'],
    where: ANSWER,
    own: /(informed 103 \[\]; answered 200|answered 204) \[\] bodyless/,
    node: /failed reset protocol processed=unknown$/,
    rule: 'RFC 9110 section 8.6',
    why: 'As above.',
  },
];
