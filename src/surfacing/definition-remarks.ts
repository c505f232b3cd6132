import { condition, type DefinitionFacts } from './cluster-objects.ts';
import { REASONS } from './reasons.ts';
import { type Case, remark } from './remark.ts';
import type { SoughtType } from './sought-type.ts';
import type { Remark } from './surfacing-report.ts';

/** The CustomResourceDefinitions behind the type, or behind its group when no resource is meant. */
export function definitionsOf({ views, sought: { group, resource } }: Case): readonly DefinitionFacts[] {
  const byName = new Map<string, DefinitionFacts>();
  for (const { evidence } of views) {
    for (const [name, answer] of evidence.definitions) {
      if (answer.kind !== 'read' || answer.value.group !== group) continue;
      if (resource === undefined || name === `${resource}.${group}`) byName.set(name, answer.value);
    }
  }
  return [...byName.values()];
}

/** What keeps servers from serving a definition. */
export function definitionRemarks(definition: DefinitionFacts, sought: SoughtType): readonly Remark[] {
  const { name, versions, terminating } = definition;
  const subject = `The CustomResourceDefinition ${name}`;
  const says = (type: string): string => {
    const found = condition(definition, type);
    return found === undefined ? 'it has no such condition yet' : `${found.reason}: ${found.message}`;
  };
  if (terminating) return [remark('CRDTerminating', [], `${subject} is being deleted (${says('Terminating')}).`)];
  if (condition(definition, 'NamesAccepted')?.status === 'False') {
    return [remark('CRDNamesConflict', [], `The names of ${name} are not accepted (${says('NamesAccepted')}).`)];
  }
  if (condition(definition, 'Established')?.status !== 'True') {
    const remedy = REASONS.CRDNotEstablished.remedy.replace('NAME', name);
    return [remark('CRDNotEstablished', [], `${subject} is not Established (${says('Established')}).`, remedy)];
  }
  if (sought.resource === undefined || versions.some((each) => each.name === sought.version && each.served)) return [];
  const served = versions.filter((each) => each.served).map((each) => each.name);
  const why = versions.some((each) => each.name === sought.version) ? 'has it with served: false' : 'does not have it';
  const does = `does not serve ${sought.version}: it ${why}. It serves ${served.join(', ') || 'no version'}.`;
  return [remark('CRDVersionNotServed', [], `${subject} ${does}`)];
}
