import type { Op, Plan } from './conversation.ts';

const open = (path: string, body: boolean): Op => ({
  op: 'open',
  path,
  body,
  continuations: 0,
  padding: undefined,
  priority: false,
  more: [],
  coding: 'literal',
});

/** Conversations too rare to be met by chance, by the mutation they are played with; `''`: none. */
export const PINNED_PLANS: Readonly<Record<string, Plan>> = {
  // A large answer uses up the window of the connection; then the one before it ends, with trailers.
  '': {
    ops: [open('stream', true), open('big', false), { op: 'data', which: 0, size: 0, padding: undefined, end: true }],
    at: 3,
    which: 0,
  },
  'PRIORITY of 4 octets': { ops: [open('echo', true)], at: 1, which: 0 },
  'GOAWAY, then a new stream': { ops: [open('echo', true)], at: 1, which: 0 },
};
