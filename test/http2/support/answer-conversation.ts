import fc from 'fast-check';
import { frame } from '../../support/h2-frames.ts';
import { REQUESTS } from './client-outcome.ts';
import { pickFrom, type Step, step } from './conversation.ts';
import {
  data,
  type ErrorCode,
  goaway,
  headers,
  ping,
  priority,
  rstStream,
  SETTING,
  settings,
  windowUpdate,
} from './frame-builders.ts';

/** What a server may send next. */
export interface AnswerState {
  /** Streams without an answer. */
  readonly waiting: readonly number[];
  /** Of them, those whose answer may have a body. */
  readonly open: readonly number[];
  /** Answers that are complete. */
  readonly ended: readonly number[];
  readonly reset: readonly number[];
}

/** Frames put into a valid answer. `undefined`: does not apply in this state. */
export type AnswerMutation = (
  state: AnswerState,
  pick: (ids: readonly number[]) => number | undefined,
) => Step[] | undefined;

export type AnswerOp =
  | { readonly op: 'inform'; readonly which: number; readonly status: number }
  | {
      readonly op: 'respond';
      readonly which: number;
      readonly status: number;
      readonly more: readonly string[];
      readonly end: boolean;
      readonly continuations: number;
      readonly padding: number | undefined;
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
  | { readonly op: 'unknown'; readonly type: number; readonly which: number; readonly size: number }
  | { readonly op: 'goaway'; readonly last: number };

const padding = fc.option(fc.nat(40), { nil: undefined });
const which = fc.nat(5);

export const answerOp: fc.Arbitrary<AnswerOp> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('inform' as const), which, status: fc.constantFrom(100, 102, 103) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('respond' as const),
      which,
      status: fc.constantFrom(200, 201, 204, 304, 404, 409, 500, 503),
      more: fc.constantFrom<readonly string[]>(
        [],
        ['content-type', 'application/json', 'audit-id', 'x'],
        ['set-cookie', 'a=b', 'set-cookie', 'c=d'],
        ['x-long', 'v'.repeat(300)],
        ['retry-after', '1'],
      ),
      end: fc.boolean(),
      continuations: fc.nat(2),
      padding,
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
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('reset' as const),
      which,
      code: fc.constantFrom<ErrorCode>(
        'CANCEL',
        'NO_ERROR',
        'INTERNAL_ERROR',
        'REFUSED_STREAM',
        'PROTOCOL_ERROR',
        'ENHANCE_YOUR_CALM',
        'STREAM_CLOSED',
        'HTTP_1_1_REQUIRED',
      ),
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
        id: fc.constant(SETTING.maxConcurrentStreams),
        value: fc.nat(100),
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
      which,
      size: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('goaway' as const), last: fc.constantFrom(0, 1, 3, 5, 7, 2 ** 31 - 1) }),
  },
);

/** Turns operations into the frames of a server that keeps every rule; what does not apply is left out. */
class AnswerConversation {
  readonly #waiting: number[] = REQUESTS.map(({ id }) => id);
  readonly #open: number[] = [];
  readonly #ended: number[] = [];
  readonly #reset: number[] = [];
  #last = 2 ** 31 - 1;

  get state(): AnswerState {
    return { waiting: this.#waiting, open: this.#open, ended: this.#ended, reset: this.#reset };
  }

  next(op: AnswerOp): Step | undefined {
    switch (op.op) {
      case 'inform': {
        const id = pickFrom(this.#waiting, op.which);
        if (id === undefined) return undefined;
        return step(`HEADERS ${id} ${op.status}`, headers(id, [':status', String(op.status), 'link', '</a>']));
      }
      case 'respond': {
        const id = pickFrom(this.#waiting, op.which);
        if (id === undefined) return undefined;
        const { status, more, continuations } = op;
        const endStream = op.end || status === 204 || status === 304 || isHead(id);
        move(id, this.#waiting, endStream ? this.#ended : this.#open);
        const octets = headers(id, [':status', String(status), ...more], {
          endStream,
          continuations,
          padding: op.padding,
        });
        return step(`HEADERS ${id} ${status}${endStream ? ' END_STREAM' : ''}`, octets);
      }
      case 'data': {
        const id = pickFrom(this.#open, op.which);
        if (id === undefined) return undefined;
        if (op.end) move(id, this.#open, this.#ended);
        const octets = data(id, Buffer.alloc(op.size), { padding: op.padding, endStream: op.end });
        return step(`DATA ${id} ${op.size} octets${op.end ? ' END_STREAM' : ''}`, octets);
      }
      case 'trailers': {
        const id = pickFrom(this.#open, op.which);
        if (id === undefined) return undefined;
        move(id, this.#open, this.#ended);
        return step(`HEADERS ${id} trailers END_STREAM`, headers(id, ['grpc-status', '0'], { endStream: true }));
      }
      case 'reset': {
        const id = pickFrom([...this.#waiting, ...this.#open], op.which);
        if (id === undefined) return undefined;
        move(id, this.#waiting.includes(id) ? this.#waiting : this.#open, this.#reset);
        return step(`RST_STREAM ${id} ${op.code}`, rstStream(id, op.code));
      }
      case 'window': {
        const id = pickFrom([0, ...this.#waiting, ...this.#open], op.which) ?? 0;
        return step(`WINDOW_UPDATE ${id} +${op.increment}`, windowUpdate(id, op.increment));
      }
      case 'settings':
        return step(`SETTINGS ${op.id}=${op.value}`, settings([op.id, op.value]));
      case 'ping':
        return step('PING', ping('hello'));
      case 'priority': {
        const id = pickFrom([...this.#waiting, ...this.#open], op.which) ?? 1;
        return step(`PRIORITY ${id}`, priority(id, 0));
      }
      case 'unknown': {
        const id = pickFrom([0, ...this.#waiting, ...this.#open], op.which) ?? 0;
        return step(`unknown frame 0x${op.type.toString(16)} on ${id}`, frame(op.type, 0, id, Buffer.alloc(op.size)));
      }
      case 'goaway': {
        this.#last = Math.min(this.#last, op.last);
        const last = this.#last;
        for (const id of [...this.#waiting, ...this.#open]) {
          if (id > last) move(id, this.#waiting.includes(id) ? this.#waiting : this.#open, this.#reset);
        }
        return step(`GOAWAY ${last} NO_ERROR`, goaway(last, 'NO_ERROR'));
      }
    }
  }
}

export const isHead = (id: number): boolean => REQUESTS.some((request) => request.id === id && request.kind === 'HEAD');

function move(id: number, from: number[], to: number[]): void {
  const at = from.indexOf(id);
  if (at >= 0) from.splice(at, 1);
  to.push(id);
}

export interface AnswerPlan {
  readonly ops: readonly AnswerOp[];
  readonly at: number;
  readonly which: number;
}

export const answerPlan: fc.Arbitrary<AnswerPlan> = fc.record({
  ops: fc.array(answerOp, { minLength: 1, maxLength: 7 }),
  at: fc.nat(7),
  which,
});

/** The steps of `plan`, with the frames of `mutation` in one place; `undefined` when it finds nothing to change. */
export function answerSteps(plan: AnswerPlan, mutation?: AnswerMutation): Step[] | undefined {
  const conversation = new AnswerConversation();
  const steps: Step[] = [];
  let mutated = mutation === undefined;
  const mutate = (): void => {
    const more = mutation?.(conversation.state, (ids) => pickFrom(ids, plan.which));
    if (more === undefined) return;
    steps.push(...more.map(({ title, octets }) => step(`! ${title}`, octets)));
    mutated = true;
  };
  for (const [i, op] of plan.ops.entries()) {
    if (!mutated && i >= plan.at) mutate();
    const next = conversation.next(op);
    if (next !== undefined) steps.push(next);
  }
  if (!mutated) mutate();
  return mutated ? steps : undefined;
}
