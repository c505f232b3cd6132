/** Numbers that look random and are the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `below` - 1. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.roll(256)));
  }
}

/** Where frames begin in `octets`, as far as their lengths lead. */
function frameStarts(octets: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at + 9 <= octets.byteLength; at += 9 + octets.readUIntBE(at, 3)) starts.push(at);
  return starts;
}

const TAMPERINGS: readonly ((octets: Buffer, dice: Dice) => Buffer)[] = [
  (octets, dice) => {
    const changed = Buffer.from(octets);
    const at = dice.roll(changed.byteLength);
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << dice.roll(8)), at);
    return changed;
  },
  (octets, dice) => {
    const changed = Buffer.from(octets);
    changed.writeUInt8(dice.roll(256), dice.roll(changed.byteLength));
    return changed;
  },
  (octets, dice) => {
    const at = dice.roll(octets.byteLength);
    return Buffer.concat([octets.subarray(0, at), dice.octets(1 + dice.roll(20)), octets.subarray(at)]);
  },
  (octets, dice) => {
    const at = dice.roll(octets.byteLength);
    return Buffer.concat([octets.subarray(0, at), octets.subarray(at + 1 + dice.roll(20))]);
  },
  (octets, dice) => octets.subarray(0, dice.roll(octets.byteLength)),
  // One octet of the head of a frame: length, type, flags or stream.
  (octets, dice) => {
    const changed = Buffer.from(octets);
    const starts = frameStarts(changed);
    const at = (starts[dice.roll(Math.max(starts.length, 1))] ?? 0) + dice.roll(9);
    if (at < changed.byteLength) changed.writeUInt8(dice.roll(2) === 0 ? dice.roll(12) : dice.roll(256), at);
    return changed;
  },
  // A frame once more, somewhere else.
  (octets, dice) => {
    const starts = [...frameStarts(octets), octets.byteLength];
    const from = dice.roll(Math.max(starts.length - 1, 1));
    const to = dice.roll(starts.length);
    const copy = octets.subarray(starts[from] ?? 0, starts[from + 1] ?? octets.byteLength);
    return Buffer.concat([octets.subarray(0, starts[to] ?? 0), copy, octets.subarray(starts[to] ?? 0)]);
  },
  // A frame left out.
  (octets, dice) => {
    const starts = [...frameStarts(octets), octets.byteLength];
    const at = dice.roll(Math.max(starts.length - 1, 1));
    return Buffer.concat([octets.subarray(0, starts[at] ?? 0), octets.subarray(starts[at + 1] ?? octets.byteLength)]);
  },
];

/** `octets` with one to four things wrong with them, or nothing but noise. */
export function tampered(octets: Buffer, dice: Dice): Buffer {
  if (dice.roll(20) === 0) return dice.octets(dice.roll(400));
  let changed = octets;
  for (let left = 1 + dice.roll(4); left > 0 && changed.byteLength > 0; left -= 1) {
    changed = TAMPERINGS[dice.roll(TAMPERINGS.length)]?.(changed, dice) ?? changed;
  }
  return changed;
}

/** `octets` in pieces of any size. */
export function pieces(octets: Buffer, dice: Dice): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.byteLength; ) {
    const size = dice.roll(3) === 0 ? 1 + dice.roll(12) : 1 + dice.roll(octets.byteLength);
    parts.push(octets.subarray(at, at + size));
    at += size;
  }
  return parts;
}
