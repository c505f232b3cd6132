import type { AdminPage } from './admin-page.ts';
import type { ControlView } from './control-view.ts';
import { explainPage } from './explain-page.ts';
import { serverDiscoveryPage } from './server-discovery-page.ts';
import { skewPage } from './skew-page.ts';
import { verifyPage } from './verify-page.ts';

/** The pages about servers and what they serve. */
export function controlPages(view: ControlView): readonly AdminPage[] {
  return [serverDiscoveryPage(view), explainPage(view), verifyPage(view), skewPage(view)];
}
