// Entities at both ends of transitive relations, as trees.

import { useAnswer } from '../answer';
import { amount, fieldLabel } from '../format';
import { Link } from '../navigation';
import { trees, type Branches as Links, type Relation, type Trees } from '../queries';
import { EntityLink } from './names';
import { ShowAsQuery } from './states';

/** `of` is the entity that the links begin at. */
function Branches({ links, of, field, asOf }: { links: Links; of: string; field: string; asOf?: string }) {
  const rest = links.totalCount - links.nodes.length;
  return (
    <ul className="tree">
      {links.nodes.map(({ to: branch }) => (
        <li key={branch.entityId}>
          <EntityLink entity={branch} asOf={asOf} />
          {branch.links && branch.links.totalCount > 0 && <Branches links={branch.links} of={branch.entityId} field={field} asOf={asOf} />}
        </li>
      ))}
      {rest > 0 && (
        <li>
          <Link to={{ page: 'entity', id: of, field, ...(asOf ? { asOf } : {}) }}>{amount(rest)} more</Link>
        </li>
      )}
    </ul>
  );
}

export function RelationTrees({ id, label, relations, asOf }: { id: string; label: string; relations: Relation[]; asOf?: string }) {
  const once = [...new Map(relations.map((relation) => [relation.name, relation])).values()];
  const question = once.length > 0 ? trees(id, once.map(({ name }) => name), asOf) : null;
  const asked = useAnswer<Trees>(question);
  const entity = asked.state === 'answered' ? asked.answer.data?.entity : null;
  if (!question || !entity) {
    return null;
  }
  const shown = once.flatMap(({ name, field, inverse }) =>
    [
      { field, links: entity[`up_${name}`] },
      { field: inverse ?? `^${field}`, links: entity[`down_${name}`] },
    ].flatMap(({ field, links }) => (links && links.totalCount > 0 ? [{ field, links }] : [])),
  );
  return (
    <section aria-label="Transitive relations">
      <h2>Transitive relations</h2>
      {shown.map(({ field, links }) => (
        <section className="field" key={field}>
          <h3>{fieldLabel(field)}</h3>
          <div>
            <p className="tree-root" dir="auto">
              {label}
            </p>
            <Branches links={links} of={id} field={field} asOf={asOf} />
          </div>
        </section>
      ))}
      <ShowAsQuery question={question} />
    </section>
  );
}
