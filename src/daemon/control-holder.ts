import type { GroupVersionResource } from '../kubernetes/type-declaration.ts';
import type { Control, ProxySnapshot, RefreshTrigger } from '../proxy/proxy-snapshot.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';

/** The registry of this moment. A reload builds a new one beside it and swaps; requests never wait for that. */
export class ControlHolder implements Control {
  #registry: ServerRegistry;

  constructor(registry: ServerRegistry) {
    this.#registry = registry;
  }

  get registry(): ServerRegistry {
    return this.#registry;
  }

  get snapshot(): ProxySnapshot {
    return this.#registry.snapshot;
  }

  refresh(trigger: RefreshTrigger): Promise<void> {
    return this.#registry.refresh(trigger);
  }

  isSettling(type: GroupVersionResource, since: number): Promise<boolean> {
    return this.#registry.isSettling(type, since);
  }

  /** Returns the registry that is no longer used. */
  swap(next: ServerRegistry): ServerRegistry {
    const previous = this.#registry;
    this.#registry = next;
    return previous;
  }
}
