import {
  GraphQLError,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  Kind,
  valueFromAST,
  GraphQLInt,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** How much an operation asks for. */
export interface Weight {
  /** Fields of the answer, with lists counted as often as they may repeat. */
  readonly cost: number;
  /** Levels of fields. */
  readonly depth: number;
  /** Fields under another name. */
  readonly aliases: number;
}

/** How often a list without `first` is counted. */
const assumedItems = 20;
const nothing: Weight = { cost: 0, depth: 0, aliases: 0 };

/**
 * Weighs an operation of a valid document. Each fragment is weighed once, however often it is spread, so the work is bounded by
 * the document's size. Introspection weighs nothing: what it gives is fixed.
 */
export function weigh(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Weight {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const known = new Map<string, Weight>();
  const root = schema.getRootType(operation.operation);
  if (root === undefined || root === null) throw new GraphQLError(`The schema has no ${operation.operation}.`);
  return ofSelections(operation.selectionSet, root);

  function ofSelections(set: SelectionSetNode, type: GraphQLNamedType): Weight {
    return set.selections.reduce<Weight>((sum, selection) => {
      if (selection.kind === Kind.FIELD) return together(sum, ofField(selection, type));
      if (selection.kind === Kind.FRAGMENT_SPREAD) return together(sum, ofFragment(selection.name.value));
      const on = selection.typeCondition && schema.getType(selection.typeCondition.name.value);
      return together(sum, ofSelections(selection.selectionSet, on ?? type));
    }, nothing);
  }

  function ofFragment(name: string): Weight {
    const seen = known.get(name);
    if (seen !== undefined) return seen;
    // Stands for itself while it is weighed: validation refuses cycles, and this ends even if it did not.
    known.set(name, nothing);
    const fragment = fragments.get(name);
    const type = fragment && schema.getType(fragment.typeCondition.name.value);
    const weight = fragment && type ? ofSelections(fragment.selectionSet, type) : nothing;
    known.set(name, weight);
    return weight;
  }

  function ofField(node: FieldNode, parent: GraphQLNamedType): Weight {
    const aliases = node.alias === undefined ? 0 : 1;
    if (node.name.value.startsWith('__')) return { cost: 0, depth: 0, aliases };
    const field = fieldOf(parent, node.name.value);
    if (field === undefined || node.selectionSet === undefined) return { cost: 1, depth: 1, aliases };
    const below = ofSelections(node.selectionSet, getNamedType(field.type));
    // The items of a connection stand in its `edges`, which `first` bounds.
    const times =
      isList(field.type) && !field.name.startsWith('edges') ? itemsOf(node, field) : (firstOf(node, field) ?? 1);
    return { cost: 1 + times * below.cost, depth: 1 + below.depth, aliases: aliases + below.aliases };
  }

  function itemsOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    return firstOf(node, field) ?? assumedItems;
  }

  function firstOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number | undefined {
    const definition = field.args.find(({ name }) => name === 'first');
    if (definition === undefined) return undefined;
    const value = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    const first = value === undefined ? undefined : valueFromAST(value, GraphQLInt, { ...variables });
    if (typeof first === 'number') return Math.max(1, first);
    return typeof definition.defaultValue === 'number' ? definition.defaultValue : undefined;
  }
}

function together(a: Weight, b: Weight): Weight {
  return { cost: a.cost + b.cost, depth: Math.max(a.depth, b.depth), aliases: a.aliases + b.aliases };
}

function fieldOf(type: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}
