import type { Member, SourceKind } from './member.ts';

/** Most members that one source may have, and most servers that sources may have together. */
export const MOST_MEMBERS = 1000;

/** Where members come from. It remembers nothing that it would have to be asked for again. */
export interface MemberSource {
  /** Unique; also the label of metrics. */
  readonly name: string;
  readonly kind: SourceKind;
  /** All members of now. @throws {SourceError} when it cannot tell */
  read(): Promise<readonly Member[]>;
}
