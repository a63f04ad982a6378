import type { Plugin } from 'esbuild';

/**
 * The Kafka client and the packages that only its schema registries need, and what the client imports within itself. Each
 * import that fits is a request of esbuild's process to this one.
 */
const IMPORTS = /^(@platformatic\/kafka|avsc|ajv-draft-04|\.\.?\/.*\.js)$/;
const KAFKA_CLIENT_FOLDER = /[\\/]@platformatic[\\/]kafka[\\/]dist\b/;

/**
 * An esbuild plugin that leaves out modules of @platformatic/kafka from which nothing is used, such as its schema
 * registries with an Avro library: a tenth of the bundle of a function.
 *
 * A bundler may drop an imported module only when loading it does nothing else. Most packages say so with `sideEffects`
 * in their manifest. This one does not, although its modules only define what they export.
 */
export function unusedModules(): Plugin {
  return {
    name: 'unused-modules',
    setup({ onResolve, resolve }) {
      // Resolved by esbuild itself, which calls this plugin again.
      const asked = Symbol('asked');
      onResolve({ filter: IMPORTS }, async ({ path, pluginData, ...request }) => {
        const isElsewhere = path.startsWith('.') && !KAFKA_CLIENT_FOLDER.test(request.resolveDir);
        if (pluginData === asked || isElsewhere) return undefined;
        const { resolveDir, importer, kind, namespace } = request;
        const resolved = await resolve(path, { resolveDir, importer, kind, namespace, pluginData: asked });
        return { ...resolved, sideEffects: false };
      });
    },
  };
}
