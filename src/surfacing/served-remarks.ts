import { compareServerVersions, versionText } from '../kubernetes/kube-version.ts';
import { condition, type DefinitionFacts } from './cluster-objects.ts';
import { definitionRemarks, definitionsOf } from './definition-remarks.ts';
import { type Case, releaseRange, remark, type ServerView, serversText, typeText, verb } from './remark.ts';
import { groupsOf } from './server-evidence.ts';
import { apiServiceOf } from './server-findings.ts';
import { resourcesIn } from './sought-type.ts';
import { suggestion } from './suggestion.ts';
import type { Remark } from './surfacing-report.ts';

/** Why servers do not serve the type: their releases, its definition, or its name. */
export function servedRemarks(found: Case): readonly Remark[] {
  if (found.having.length > 0) return someServe(found);
  // Of servers that could not be asked, the report says so elsewhere.
  return found.lacking.length === 0 ? [] : nobodyServes(found);
}

function nobodyServes(found: Case): readonly Remark[] {
  const { sought, lacking, views } = found;
  const definitions = definitionsOf(found);
  const problems = definitions.flatMap((definition) => definitionRemarks(definition, sought));
  if (problems.length > 0) return problems;
  const serving = ({ versions }: DefinitionFacts) =>
    versions.some((each) => each.served && each.name === sought.version);
  const definition = definitions.find(serving);
  if (definition !== undefined) {
    const not = `${serversText(lacking)} ${verb(lacking, 'does', 'do')} not serve it yet`;
    return [remark('CRDLag', lacking, `The CustomResourceDefinition ${definition.name} is Established, and ${not}.`)];
  }
  const unasked = views.filter(({ served }) => served === 'unknown');
  const doubt = unasked.length === 0 ? '' : ` ${serversText(unasked)} could not be asked and may.`;
  const nobody = unasked.length === 0 ? 'No server' : 'No server that could be asked';
  const remarks = [
    remark('ServedNowhere', lacking, `${nobody} serves ${typeText(sought)}.${doubt}${suggestion(found)}`),
  ];
  const looked = views.some(({ findings }) => findings.get('crd')?.note === 'there is none');
  const isOfAnother = views.some(({ evidence }) => apiServiceOf(evidence, sought)?.isOfDefinition === false);
  if (looked && !isOfAnother && sought.group.includes('.')) {
    const { group, resource } = sought;
    const what = resource === undefined ? `for the group ${group}, nor one of that name` : `${resource}.${group}`;
    remarks.push(remark('CRDAbsent', [], `There is no CustomResourceDefinition ${what}.`));
  }
  return remarks;
}

function someServe(found: Case): readonly Remark[] {
  const { sought, views, having, lacking } = found;
  const definitions = definitionsOf(found);
  const isOfDefinition = views.some(({ evidence }) => apiServiceOf(evidence, sought)?.isOfDefinition === true);
  const looked = sought.resource !== undefined && views.some(({ findings }) => isThereNone(findings.get('crd')?.note));
  if (looked && isOfDefinition) {
    const name = `${sought.resource}.${sought.group}`;
    const still = `${serversText(having)} still ${verb(having, 'lists', 'list')} the type`;
    return [remark('CRDDeleted', having, `There is no CustomResourceDefinition ${name} any more, and ${still}.`)];
  }
  const remarks = [
    ...definitions.flatMap((definition) => definitionRemarks(definition, sought)),
    ...resourceRemarks(found),
  ];
  if (lacking.length === 0) return remarks;
  if (definitions.length === 0 && !isOfDefinition) return [...remarks, releaseRemark(found)];
  if (!definitions.every((each) => condition(each, 'Established')?.status === 'True')) return remarks;
  const serve = `${serversText(having)} ${verb(having, 'serves', 'serve')} ${typeText(sought)}`;
  const not = `${serversText(lacking)} ${verb(lacking, 'does', 'do')} not yet`;
  return [...remarks, remark('CRDLag', lacking, `The CustomResourceDefinition is Established and ${serve}; ${not}.`)];
}

function isThereNone(note: string | undefined): boolean {
  return note === 'there is none';
}

/** Which resources of a group-version are on some of its servers only. */
function resourceRemarks({ sought, having }: Case): readonly Remark[] {
  if (sought.resource !== undefined) return [];
  // Stale and without resources: nobody knows which there are.
  const lists = having
    .map((view) => ({ view, names: resourcesIn(groupsOf(view.evidence), sought) }))
    .filter(({ view, names }) => names.length > 0 || view.served === 'served');
  const byServers = new Map<string, { readonly names: string[]; readonly views: readonly ServerView[] }>();
  for (const name of new Set(lists.flatMap(({ names }) => names))) {
    const views = lists.filter(({ names }) => names.includes(name)).map(({ view }) => view);
    if (views.length === lists.length) continue;
    const same = byServers.get(serversText(views)) ?? { names: [], views };
    byServers.set(serversText(views), same);
    same.names.push(name);
  }
  return [...byServers.values()].map(({ names, views }) => {
    const fact = `Of ${typeText(sought)} only ${serversText(views)} ${verb(views, 'serves', 'serve')}: ${names.join(', ')}.`;
    return remark('ResourcesDiffer', views, fact);
  });
}

function releaseRemark({ sought, having, lacking }: Case): Remark {
  const serve = `${serversText(having)} ${verb(having, 'serves', 'serve')} ${typeText(sought)}`;
  const served = `${serve}, ${serversText(lacking)} ${verb(lacking, 'does', 'do')} not`;
  const [least, most] = releaseRange(having);
  const [leastLacking, mostLacking] = releaseRange(lacking);
  if (least !== undefined && mostLacking !== undefined && compareServerVersions(least, mostLacking) > 0) {
    const from = `among these servers it exists from ${versionText(least)} on`;
    return remark('OnlyNewerReleases', lacking, `${served}: ${from}.`);
  }
  if (most !== undefined && leastLacking !== undefined && compareServerVersions(most, leastLacking) < 0) {
    const upTo = `among these servers it exists up to ${versionText(most)}`;
    return remark('OnlyOlderReleases', lacking, `${served}: ${upTo}.`);
  }
  return remark('ServersDiffer', lacking, `${served}, which their releases do not explain.`);
}
