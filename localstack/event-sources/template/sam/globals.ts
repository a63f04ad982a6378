import { suggestionFor } from '../../suggestion.ts';
import type { Resource, Template } from '../template.ts';
import { globalFunctionProperties, globalSections } from './property-names.ts';
import { objectOf, samError } from './sam-error.ts';

type Values = Readonly<Record<string, unknown>>;

/** `Globals.Function` of the template, after checking all of `Globals`. */
export function readGlobals(template: Template): Values {
  const globals = objectOf('Globals', 'Globals', template.Globals);
  for (const section of Object.keys(globals)) {
    if (globalSections.includes(section)) continue;
    const aws = `'Globals' section is invalid. '${section}' is not supported. Must be one of the following values`;
    throw samError('Globals', section, `has no globals of this name; ${suggestionFor(section, globalSections)}`, aws);
  }
  const ofFunctions = objectOf('Globals', 'Function', globals['Function']);
  for (const name of Object.keys(ofFunctions)) {
    if (globalFunctionProperties.includes(name)) continue;
    throw samError(
      'Globals',
      `Function.${name}`,
      `is not a property that all functions can share; ${suggestionFor(name, globalFunctionProperties)}`,
      `'Globals' section is invalid. '${name}' is not a supported property of 'Function'`,
    );
  }
  return ofFunctions;
}

/** The function's properties together with the globals that its `IgnoreGlobals` does not exclude. */
export function withGlobals(id: string, { Properties, IgnoreGlobals }: Resource, globals: Values): Values {
  const own = objectOf(id, 'Properties', Properties);
  if (IgnoreGlobals === undefined) return mergeObjects(globals, own);
  if (IgnoreGlobals === '*') return own;
  const ignored = Array.isArray(IgnoreGlobals) ? IgnoreGlobals.map(String) : [String(IgnoreGlobals)];
  const unknown = ignored.find((name) => !Array.isArray(IgnoreGlobals) || !Object.hasOwn(globals, name));
  if (unknown !== undefined) {
    throw samError(
      id,
      'IgnoreGlobals',
      `expected '*' or names of properties in Globals.Function, got ${unknown}`,
      `Resource ${id} has invalid resource attribute 'IgnoreGlobals' on item '${unknown}'.`,
    );
  }
  return mergeObjects(Object.fromEntries(Object.entries(globals).filter(([name]) => !ignored.includes(name))), own);
}

function mergeObjects(globals: Values, own: Values): Values {
  const merged: Record<string, unknown> = { ...globals };
  for (const [name, value] of Object.entries(own)) {
    const global = globals[name];
    // SAM also joins lists, but no event source depends on one of them.
    merged[name] = isPlainObject(global) && isPlainObject(value) ? mergeObjects(global, value) : value;
  }
  return merged;
}

/** A call of an intrinsic function counts as one value. */
function isPlainObject(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const [only, ...others] = Object.keys(value);
  return !(others.length === 0 && (only === 'Ref' || only === 'Condition' || only?.startsWith('Fn::')));
}
