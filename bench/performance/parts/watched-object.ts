import type { HttpClient } from '../../../test/real/support/http-client.ts';
import type { RealStage } from '../stages/real-stage.ts';

const NAMESPACE = 'watched';
const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

/** An object in a namespace of its own, whose changes all watches of that namespace hear. */
export class WatchedObject {
  readonly #client: HttpClient;
  #changes = 0;

  private constructor(client: HttpClient) {
    this.#client = client;
  }

  static async make(stage: RealStage): Promise<WatchedObject> {
    await stage.makeConfigMaps(NAMESPACE, 1);
    return new WatchedObject(stage.admin);
  }

  /** The path of a watch that begins now. */
  async watchPath(): Promise<string> {
    const { body } = await this.#client.request({ target: COLLECTION });
    const { metadata }: { metadata: { resourceVersion: string } } = JSON.parse(body.toString());
    return `${COLLECTION}?watch=1&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=3600`;
  }

  /** One event for every watch. Resolves with the moment (`performance.now()`) before the write. */
  async change(): Promise<number> {
    const object = { metadata: { name: 'object-0' }, data: { text: 'x'.repeat(350), change: String(this.#changes++) } };
    const before = performance.now();
    const { status, body } = await this.#client.request({
      method: 'PUT',
      target: `${COLLECTION}/object-0`,
      body: object,
    });
    if (status !== 200) throw new Error(`the watched object could not be changed: ${status} ${body}`);
    return before;
  }
}
