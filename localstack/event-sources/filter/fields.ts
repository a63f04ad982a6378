import { isJsonObject, type JsonValue } from './json-value.ts';

/** In which element of a list a value is, and in which element of an outer list that one is. */
interface ListElement {
  /** A number for the list. */
  readonly list: number;
  readonly index: number;
  readonly outer: ListElement | undefined;
}

/** A string, number, boolean or null of the data. */
export interface Leaf {
  readonly value: JsonValue;
  /** Undefined: it is in no list. */
  readonly element: ListElement | undefined;
}

/** Elements of lists, as the index by the number of the list. */
export type ElementIndexes = ReadonlyMap<number, number>;

/**
 * The leaves of the data by their path, for instance `a.b`, as event-ruler flattens an event: the elements of a list, and of
 * lists in it, have the path of the list. Only the given paths are looked for.
 */
export class Fields {
  readonly #leaves = new Map<string, Leaf[]>();

  /** `wanted` has all paths, and the paths of all objects on the way to them. */
  constructor(data: JsonValue | undefined, wanted: ReadonlySet<string>) {
    if (data === undefined) return;
    let listCount = 0;
    // Without recursion, because a record may have lists in lists to any depth.
    const pending: { value: JsonValue; path: string; element: ListElement | undefined }[] = [
      { value: data, path: '', element: undefined },
    ];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { value, path, element } = next;
      if (Array.isArray(value)) {
        const list = listCount;
        listCount += 1;
        for (const [index, item] of value.entries()) {
          // event-ruler tells elements apart by their fields, and takes the plain values of a list together.
          const hasFields = Array.isArray(item) || isJsonObject(item);
          pending.push({ value: item, path, element: hasFields ? { list, index, outer: element } : element });
        }
      } else if (isJsonObject(value)) {
        for (const [name, inner] of Object.entries(value)) {
          const innerPath = path === '' ? name : `${path}.${name}`;
          if (wanted.has(innerPath)) pending.push({ value: inner, path: innerPath, element });
        }
      } else {
        const leaves = this.#leaves.get(path);
        if (leaves === undefined) this.#leaves.set(path, [{ value, element }]);
        else leaves.push({ value, element });
      }
    }
  }

  at(path: string): readonly Leaf[] {
    return this.#leaves.get(path) ?? [];
  }
}

/** The indexes with those of the leaf, or undefined when the leaf is in another element of one of the lists. */
export function withElementsOf({ element }: Leaf, indexes: ElementIndexes): ElementIndexes | undefined {
  if (element === undefined) return indexes;
  const all = new Map(indexes);
  for (let current: ListElement | undefined = element; current !== undefined; current = current.outer) {
    if ((all.get(current.list) ?? current.index) !== current.index) return undefined;
    all.set(current.list, current.index);
  }
  return all;
}

/** The paths, and those of all objects on the way to them. A name with a dot is as good as two names, as in event-ruler. */
export function withParents(paths: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) all.add(path.slice(0, end));
  }
  return all;
}
