import fc from 'fast-check';
import { frame } from '../../support/h2-frames.ts';
import {
  data,
  type ErrorCode,
  headers,
  ping,
  priority,
  requestFields,
  rstStream,
  SETTING,
  settings,
  windowUpdate,
} from './frame-builders.ts';
import { indexed, indexedLiteral, literalBlock } from './hpack.ts';

/** Frames that belong together, with words for the report of a failure. */
export interface Step {
  readonly title: string;
  readonly octets: Buffer;
}

export const step = (title: string, octets: Buffer): Step => ({ title, octets });

/** What one end of a conversation may send next; ids in the order of opening. */
export interface ConversationState {
  /** Streams on which it may send DATA. */
  readonly open: readonly number[];
  /** Streams on which it has said END_STREAM. */
  readonly ended: readonly number[];
  /** Streams it has reset. */
  readonly reset: readonly number[];
  readonly nextId: number;
}

/** What a mutation may look at and take. */
export interface MutationContext {
  readonly state: ConversationState;
  /** One of `ids`; `undefined` when there is none. */
  pick(ids: readonly number[]): number | undefined;
  /** A stream number that nothing else of the conversation will use. */
  claim(): number;
}

/** A change of plan: frames put into a valid conversation. `undefined`: does not apply in this state. */
export type Mutation = (context: MutationContext) => Step[] | undefined;

export type Op =
  | {
      readonly op: 'open';
      readonly path: string;
      readonly body: boolean;
      readonly continuations: number;
      readonly padding: number | undefined;
      readonly priority: boolean;
      readonly more: readonly string[];
      readonly coding: 'literal' | 'indexed';
    }
  | {
      readonly op: 'data';
      readonly which: number;
      readonly size: number;
      readonly padding: number | undefined;
      readonly end: boolean;
    }
  | { readonly op: 'trailers'; readonly which: number }
  | { readonly op: 'reset'; readonly which: number; readonly code: ErrorCode }
  | { readonly op: 'window'; readonly which: number; readonly increment: number }
  | { readonly op: 'settings'; readonly id: number; readonly value: number }
  | { readonly op: 'ping' }
  | { readonly op: 'priority'; readonly which: number }
  | {
      readonly op: 'unknown';
      readonly type: number;
      readonly flags: number;
      readonly which: number;
      readonly size: number;
    };

const PATHS = ['echo', 'stream', 'early', 'big', 'empty', 'inform', 'reset', 'hold', 'none'];
const MORE: readonly (readonly string[])[] = [
  [],
  ['accept', 'application/json', 'user-agent', 'kubectl'],
  ['cookie', 'a=b', 'cookie', 'c=d'],
  ['te', 'trailers'],
  ['x-empty', '', 'x-latin1', 'caf\u00e9'],
  ['x-long', 'v'.repeat(300)],
  ['authorization', 'Bearer secret'],
];

const padding = fc.option(fc.nat(40), { nil: undefined });
const which = fc.nat(5);

/** Operations of a client; which of them apply depends on what came before. */
export const clientOp: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('open' as const),
      path: fc.constantFrom(...PATHS),
      body: fc.boolean(),
      continuations: fc.nat(2),
      padding,
      priority: fc.boolean(),
      more: fc.constantFrom(...MORE),
      coding: fc.constantFrom('literal' as const, 'indexed' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('data' as const),
      which,
      size: fc.oneof(fc.nat(20), fc.nat(5000)),
      padding,
      end: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('trailers' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('reset' as const),
      which,
      code: fc.constantFrom<ErrorCode>('CANCEL', 'NO_ERROR', 'INTERNAL_ERROR', 'REFUSED_STREAM', 'STREAM_CLOSED'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('window' as const), which, increment: fc.integer({ min: 1, max: 70_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({
        op: fc.constant('settings' as const),
        id: fc.constant(SETTING.initialWindowSize),
        value: fc.integer({ min: 0, max: 200_000 }),
      }),
      fc.record({
        op: fc.constant('settings' as const),
        id: fc.constant(SETTING.headerTableSize),
        value: fc.integer({ min: 0, max: 8192 }),
      }),
      fc.record({
        op: fc.constant('settings' as const),
        id: fc.constant(SETTING.maxFrameSize),
        value: fc.integer({ min: 16_384, max: 20_000 }),
      }),
      fc.record({ op: fc.constant('settings' as const), id: fc.constantFrom(0xff, 0x6b6b), value: fc.nat(100) }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('ping' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('priority' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('unknown' as const),
      type: fc.integer({ min: 0x20, max: 0xff }),
      flags: fc.nat(255),
      which,
      size: fc.nat(30),
    }),
  },
);

/** Turns operations into the frames of a client that keeps every rule; what does not apply is left out. */
export class ClientConversation {
  readonly #open: number[] = [];
  readonly #ended: number[] = [];
  readonly #reset: number[] = [];
  #nextId = 1;

  get state(): ConversationState {
    return { open: this.#open, ended: this.#ended, reset: this.#reset, nextId: this.#nextId };
  }

  claim(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  next(op: Op): Step | undefined {
    switch (op.op) {
      case 'open':
        return this.#opened(op);
      case 'data': {
        const id = pickFrom(this.#open, op.which);
        if (id === undefined) return undefined;
        if (op.end) this.#end(id);
        const octets = data(id, Buffer.alloc(op.size, 'd'), { padding: op.padding, endStream: op.end });
        return step(`DATA ${id} ${op.size} octets${paddingTitle(op.padding)}${op.end ? ' END_STREAM' : ''}`, octets);
      }
      case 'trailers': {
        const id = pickFrom(this.#open, op.which);
        if (id === undefined) return undefined;
        this.#end(id);
        return step(`HEADERS ${id} trailers END_STREAM`, headers(id, ['x-sum', 'abc'], { endStream: true }));
      }
      case 'reset': {
        const id = pickFrom([...this.#open, ...this.#ended], op.which);
        if (id === undefined) return undefined;
        remove(this.#open, id);
        remove(this.#ended, id);
        this.#reset.push(id);
        return step(`RST_STREAM ${id} ${op.code}`, rstStream(id, op.code));
      }
      case 'window': {
        const id = pickFrom([0, ...this.#open, ...this.#ended], op.which) ?? 0;
        return step(`WINDOW_UPDATE ${id} +${op.increment}`, windowUpdate(id, op.increment));
      }
      case 'settings':
        return step(`SETTINGS ${op.id}=${op.value}`, settings([op.id, op.value]));
      case 'ping':
        return step('PING', ping('hello'));
      case 'priority': {
        const id = pickFrom([...this.#open, ...this.#ended, this.#nextId], op.which) ?? this.#nextId;
        return step(`PRIORITY ${id}`, priority(id, 0));
      }
      case 'unknown': {
        const id = pickFrom([0, ...this.#open, ...this.#ended], op.which) ?? 0;
        return step(
          `unknown frame 0x${op.type.toString(16)} on ${id}`,
          frame(op.type, op.flags, id, Buffer.alloc(op.size)),
        );
      }
    }
  }

  #opened(op: Extract<Op, { op: 'open' }>): Step {
    const id = this.claim();
    const method = op.body ? 'POST' : 'GET';
    const path = `/${op.path}/${id}`;
    if (op.body) this.#open.push(id);
    else this.#ended.push(id);
    const { continuations, padding, priority, more } = op;
    const octets = headers(id, requestBlock(method, path, more, op.coding), {
      continuations,
      padding,
      priority,
      endStream: !op.body,
    });
    const notes = `${continuations > 0 ? ` +${continuations} CONTINUATION` : ''}${paddingTitle(padding)}${priority ? ' PRIORITY' : ''}`;
    const fields =
      more.length === 0
        ? ''
        : ` {${more.map((text) => (text.length > 40 ? `${text.length} octets` : text)).join(' ')}}`;
    return step(`HEADERS ${id} ${method} ${path}${fields}${notes}${op.body ? '' : ' END_STREAM'}`, octets);
  }

  #end(id: number): void {
    remove(this.#open, id);
    this.#ended.push(id);
  }
}

function requestBlock(method: string, path: string, more: readonly string[], coding: 'literal' | 'indexed'): Buffer {
  if (coding === 'literal') return literalBlock(requestFields(method, path, ...more));
  const fields: Buffer[] = [];
  for (let i = 0; i + 1 < more.length; i += 2) fields.push(indexedLiteral(more[i] ?? '', more[i + 1] ?? ''));
  return Buffer.concat([
    indexed(method === 'GET' ? 2 : 3),
    indexed(7),
    indexedLiteral(':authority', 'example.test'),
    indexedLiteral(':path', path),
    ...fields,
  ]);
}

export function pickFrom(ids: readonly number[], which: number): number | undefined {
  return ids.length === 0 ? undefined : ids[which % ids.length];
}

function remove(ids: number[], id: number): void {
  const at = ids.indexOf(id);
  if (at >= 0) ids.splice(at, 1);
}

const paddingTitle = (padding: number | undefined): string => (padding === undefined ? '' : ` +${padding} padding`);

export interface Plan {
  readonly ops: readonly Op[];
  /** Where the mutation goes, and which of the streams that fit it takes. */
  readonly at: number;
  readonly which: number;
}

export const plan: fc.Arbitrary<Plan> = fc.record({
  ops: fc.array(clientOp, { minLength: 1, maxLength: 7 }),
  at: fc.nat(7),
  which,
});

/** The steps of `plan`, with the frames of `mutation` in one place; `undefined` when it finds nothing to change. */
export function clientSteps(planned: Plan, mutation?: Mutation): Step[] | undefined {
  const conversation = new ClientConversation();
  const steps: Step[] = [];
  let mutated = mutation === undefined;
  const mutate = (): void => {
    const more = mutation?.({
      state: conversation.state,
      pick: (ids) => pickFrom(ids, planned.which),
      claim: () => conversation.claim(),
    });
    if (more === undefined) return;
    steps.push(...more.map(({ title, octets }) => step(`! ${title}`, octets)));
    mutated = true;
  };
  for (const [i, op] of planned.ops.entries()) {
    if (!mutated && i >= planned.at) mutate();
    const next = conversation.next(op);
    if (next !== undefined) steps.push(next);
  }
  if (!mutated) mutate();
  return mutated ? steps : undefined;
}
