import type { LineReader } from '../../wire/line-reader.ts';
import type { UpstreamExchange } from '../../wire/upstream.ts';

/** Where the watch of one resource at one server is. Each state owns what it began, which `endWatchState` ends. */
export type WatchState =
  /** Not asked for while the server is not healthy, or in a short pause because the last watch ended at once. */
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout | undefined }
  /** Asks from where to watch. */
  | { readonly kind: 'listing'; readonly giveUp: AbortController }
  /** The watch was asked for; no answer yet. */
  | { readonly kind: 'opening'; readonly exchange: UpstreamExchange; readonly timer: NodeJS.Timeout }
  | {
      readonly kind: 'watching';
      readonly exchange: UpstreamExchange;
      readonly lines: LineReader;
      /** Ends a watch that the server forgot to end. */
      readonly timer: NodeJS.Timeout;
    }
  /** The server will not let us (`status` 401 or 403); asked again from time to time, because RBAC may be granted later. */
  | { readonly kind: 'denied'; readonly status: number; readonly timer: NodeJS.Timeout }
  /** The server does not have the type; asked again from time to time. */
  | { readonly kind: 'absent'; readonly timer: NodeJS.Timeout }
  /** It did not work for `reason`; asked again after a growing pause. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly timer: NodeJS.Timeout };

export function endWatchState(state: WatchState): void {
  switch (state.kind) {
    case 'listing':
      state.giveUp.abort();
      return;
    case 'watching':
      state.lines.stop();
      state.exchange.reset('cancel');
      clearTimeout(state.timer);
      return;
    case 'opening':
      state.exchange.reset('cancel');
      clearTimeout(state.timer);
      return;
    case 'waiting':
    case 'denied':
    case 'absent':
    case 'unavailable':
      clearTimeout(state.timer);
  }
}

/** Why changes are not seen, for operators; '' while they are, or while it is not known. */
export function conditionOfWatch(state: WatchState): string {
  switch (state.kind) {
    case 'denied':
      return `answered ${state.status}: ${state.status === 401 ? 'who we are' : 'our right to list and watch'} is not accepted`;
    case 'absent':
      return 'the server does not have this type';
    case 'unavailable':
      return state.reason;
    case 'waiting':
    case 'listing':
    case 'opening':
    case 'watching':
      return '';
  }
}
