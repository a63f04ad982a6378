import { isJsonObject, type JsonValue } from './json-value.ts';

/** In which element of which lists a value is: the index by a number for the list. */
export type ListPlace = ReadonlyMap<number, number>;

/** A string, number, boolean or null of the data. */
export interface Leaf {
  readonly value: JsonValue;
  readonly place: ListPlace;
}

const ROOT: ListPlace = new Map();

/**
 * The leaves of the data by their path, for instance `a.b`, as event-ruler flattens an event: the elements of a list, and of
 * lists in it, have the path of the list. Only the given paths are looked for.
 */
export class Fields {
  readonly #wanted: ReadonlySet<string>;
  readonly #leaves = new Map<string, Leaf[]>();
  #listCount = 0;

  /** `wanted` has all paths, and the paths of all objects on the way to them. */
  constructor(data: JsonValue | undefined, wanted: ReadonlySet<string>) {
    this.#wanted = wanted;
    if (data !== undefined) this.#add(data, '', ROOT);
  }

  at(path: string): readonly Leaf[] {
    return this.#leaves.get(path) ?? [];
  }

  #add(value: JsonValue, path: string, place: ListPlace): void {
    if (Array.isArray(value)) {
      const list = this.#listCount;
      this.#listCount += 1;
      value.forEach((element, index) => {
        const hasFields = Array.isArray(element) || isJsonObject(element);
        this.#add(element, path, hasFields ? new Map([...place, [list, index]]) : place);
      });
      return;
    }
    if (isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const innerPath = path === '' ? name : `${path}.${name}`;
        if (this.#wanted.has(innerPath)) this.#add(inner, innerPath, place);
      }
      return;
    }
    const leaves = this.#leaves.get(path);
    if (leaves === undefined) this.#leaves.set(path, [{ value, place }]);
    else leaves.push({ value, place });
  }
}

/** The place of a value that is in both, or undefined when these are different elements of one list. */
export function joined(one: ListPlace, other: ListPlace): ListPlace | undefined {
  if (other.size === 0) return one;
  for (const [list, index] of other) {
    const known = one.get(list);
    if (known !== undefined && known !== index) return undefined;
  }
  return new Map([...one, ...other]);
}

/** The paths, and those of all objects on the way to them. A name with a dot is as good as two names, as in event-ruler. */
export function withParents(paths: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) all.add(path.slice(0, end));
  }
  return all;
}
