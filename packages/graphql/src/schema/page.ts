import { Field, ObjectType, type ClassType } from 'type-graphql';

@ObjectType('PageInfo')
export class PageInfoType {
  @Field(() => Boolean)
  readonly hasNextPage!: boolean;

  @Field(() => String, { nullable: true })
  readonly endCursor?: string | undefined;
}

/** One page of a list. */
export interface Page<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: PageInfoType;
}

/** Makes a page of `first` rows out of `first + 1` that were read. */
export function pageOf<Row>(rows: readonly Row[], first: number, cursorOf: (row: Row) => string): Page<Row> {
  const edges = rows.slice(0, first).map((node) => ({ cursor: cursorOf(node), node }));
  return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor } };
}

/** The type `NAMEConnection` of a paged list, with its `NAMEEdge`. */
export function connectionOf(name: string, nodeType: () => ClassType): ClassType<Page<object>> {
  @ObjectType(`${name}Edge`)
  class EdgeType {
    @Field(() => String)
    readonly cursor!: string;

    @Field(nodeType)
    readonly node!: object;
  }

  @ObjectType(`${name}Connection`)
  class ConnectionType {
    @Field(() => [EdgeType])
    readonly edges!: readonly EdgeType[];

    @Field(() => PageInfoType)
    readonly pageInfo!: PageInfoType;
  }

  return ConnectionType;
}
