/** A larger body is no such answer: kube-apiserver's is below 300 bytes in JSON and protobuf. */
const BODY_LIMIT = 4096;

/** `metav1.CauseTypeResourceVersionTooLarge`; every encoding has it byte for byte. */
const CAUSE = 'ResourceVersionTooLarge';

const latin1 = new TextDecoder('latin1');

/**
 * Whether an answer says that the server has not seen the resource version that was asked for, after it waited 3 s for it
 * (apiserver pkg/storage/errors.go, NewTooLargeResourceVersionError; pkg/storage/cacher). `body` is the whole body. To be
 * asked only about reads: any other 504 that holds the word is not told apart.
 */
export function saysTooLargeResourceVersion(status: number, body: Uint8Array): boolean {
  return status === 504 && body.length <= BODY_LIMIT && latin1.decode(body).includes(CAUSE);
}
