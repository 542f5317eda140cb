// Names of entities, types and fields.

import { fieldLabel, words } from '../format';
import { Link } from '../navigation';
import type { Name } from '../queries';

/** The link to an entity, or to a source's own page. */
export function EntityLink({ entity, asOf }: { entity: Name; asOf?: string }) {
  return (
    <Link
      className="entity-link"
      dir="auto"
      to={
        entity.__typename === 'Source'
          ? { page: 'source', id: entity.entityId }
          : { page: 'entity', id: entity.entityId, ...(asOf ? { asOf } : {}) }
      }
    >
      {entity.label}
    </Link>
  );
}

export function TypeName({ name }: { name: string }) {
  return <span className="type-name">{words(name)}</span>;
}

export function FieldName({ field, description }: { field: string; description?: string }) {
  return (
    <>
      <span className="field-name">{fieldLabel(field)}</span>
      {description && <span className="field-description">{description}</span>}
    </>
  );
}
