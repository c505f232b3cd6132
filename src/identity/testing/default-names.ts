import type { IdentityHeaderNames } from '../header-names.ts';

/** The names that kube-apiserver's installers and its own peer proxy use. */
export const DEFAULT_NAMES: IdentityHeaderNames = {
  username: ['x-remote-user'],
  uid: ['x-remote-uid'],
  group: ['x-remote-group'],
  extraPrefix: ['x-remote-extra-'],
};
