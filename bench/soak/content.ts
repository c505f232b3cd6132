import { seededRandom } from '../../src/lab/rehearsal/random.ts';

/** A part of the content that servers and clients know both: what is sent says where it begins and how long it is. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

const KIB = 1024;
export const MIB = 1024 * KIB;
const BYTES = 2 * MIB;
/** Letters, so that an answer is text as API servers send it. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same in every process. No two places are alike, so that bytes that are left out, doubled or of another answer are noticed. */
export const CONTENT: Buffer = makeContent();

export function bytesOf({ offset, length }: Span): Buffer {
  return CONTENT.subarray(offset, offset + length);
}

/** Any place that holds so many bytes. */
export function anySpan(length: number, random: () => number): Span {
  const whole = Math.floor(length);
  return { offset: Math.floor(random() * (BYTES - whole)), length: whole };
}

/** `o-OFFSET-LENGTH`: the name of the object whose JSON, so to speak, is that part. */
export function objectName({ offset, length }: Span): string {
  return `o-${offset}-${length}`;
}

/** Throws for anything else than the name of an object. */
export function spanOf(name: string): Span {
  const [, offset, length] = /^o-(\d+)-(\d+)$/.exec(name) ?? [];
  if (offset === undefined || length === undefined) throw new RangeError(`${name} names no object`);
  return { offset: Number(offset), length: Number(length) };
}

/** One line of watch `id`. */
export function eventLine(id: number, sequence: number): string {
  const length = 200 + ((id * 7919 + sequence * 104_729) % 1800);
  const offset = (id * 31_337 + sequence * 65_537) % (BYTES - length);
  return `${id} ${sequence} ${CONTENT.toString('latin1', offset, offset + length)}\n`;
}

/** The last line of watch `id`, when the server ends it: an end without it is none. */
export function lastLine(id: number, events: number): string {
  return `${id} ends after ${events}\n`;
}

function makeContent(): Buffer {
  const random = seededRandom(7);
  const content = Buffer.allocUnsafe(BYTES);
  for (let at = 0; at < BYTES; at++) content[at] = LETTERS.charCodeAt(Math.floor(random() * LETTERS.length));
  return content;
}
