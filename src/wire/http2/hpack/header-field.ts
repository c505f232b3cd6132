/** What a field costs in a table or a list beyond its octets (RFC 7541 section 4.1, RFC 9113 section 6.5.2). */
export const FIELD_OVERHEAD = 32;

/** One decoded field, shared by the dynamic table and every block that refers to it. Octets as latin1 strings. */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Octets as RFC 7541 section 4.1 counts them. */
  readonly size: number;
  readonly isValid: boolean;

  constructor(name: string, value: string, isValid: boolean) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + FIELD_OVERHEAD;
    this.isValid = isValid;
  }
}
