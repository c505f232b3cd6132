/**
 * What arrives when a `T` is written as JSON and read again: a member that is undefined is not there. Both sides of
 * `Agrees` go through it, so that `readonly` makes no difference.
 */
export type JsonOf<T> = T extends readonly (infer Item)[]
  ? JsonOf<Item>[]
  : T extends object
    ? Flat<
        { -readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: JsonOf<T[Key]> } & {
          -readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: JsonOf<Exclude<T[Key], undefined>>;
        }
      >
    : T;

type Flat<T> = { [Key in keyof T]: T[Key] };

/** Neither side has a member, an option or a value more than the other one. */
export type Agrees<One, Other> =
  (<T>() => T extends JsonOf<One> ? 1 : 2) extends <T>() => T extends JsonOf<Other> ? 1 : 2 ? true : false;
