import type { TinyApi } from './tiny-api.ts';

/** Resolves as soon as `condition` holds; it is looked at after every change and every request. */
export function when(api: TinyApi, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const { instead, onChange } = api;
    const look = (): void => {
      if (!condition()) return;
      api.instead = instead;
      api.onChange = onChange;
      resolve();
    };
    api.onChange = () => {
      onChange();
      look();
    };
    api.instead = (request) => {
      queueMicrotask(look);
      return instead(request);
    };
    look();
  });
}
