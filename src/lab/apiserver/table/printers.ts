import type { CustomType } from '../served-type.ts';
import { admission } from './columns/admission.ts';
import { apps } from './columns/apps.ts';
import { autoscaling } from './columns/autoscaling.ts';
import { batch } from './columns/batch.ts';
import { certificates } from './columns/certificates.ts';
import { cluster } from './columns/cluster.ts';
import { core } from './columns/core.ts';
import { networking } from './columns/networking.ts';
import { policy } from './columns/policy.ts';
import { rbac } from './columns/rbac.ts';
import { resource } from './columns/resource.ts';
import { storage } from './columns/storage.ts';
import { customPrinter } from './custom-columns.ts';
import { CREATED_AT, NAME, type Printer, type Printers, printer } from './printer.ts';

/** The columns of kube-apiserver (kubernetes pkg/printers/internalversion), 1.34 to 1.37. */
const PRINTERS: Printers = {
  ...core,
  ...apps,
  ...batch,
  ...networking,
  ...storage,
  ...rbac,
  ...policy,
  ...autoscaling,
  ...admission,
  ...certificates,
  ...resource,
  ...cluster,
};

/** For kinds without columns of their own. */
const DEFAULT = printer(NAME, CREATED_AT);

/** What is printed; a ServedType is one, and so is the kind of a subresource, such as Scale. */
export interface PrintedType {
  readonly group: string;
  readonly kind: string;
  readonly custom: CustomType | undefined;
}

export function printerOf({ group, kind, custom }: PrintedType): Printer {
  return custom === undefined ? (PRINTERS[`${group}/${kind}`] ?? DEFAULT) : customPrinter(custom.printerColumns);
}
