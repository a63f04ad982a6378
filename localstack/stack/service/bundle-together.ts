import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** What this reads of Serverless: the command line's words, and the functions. */
export interface RunningServerless {
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: { readonly functions: Readonly<Record<string, { readonly handler: string }>> };
}

/**
 * An esbuild plugin that makes `serverless offline` bundle all functions in one build.
 *
 * serverless-esbuild runs one build a function, and each parses and prints all dependencies again: with eleven
 * functions that is half of the CPU time of a start. One build with code splitting writes what functions share once. A
 * package for AWS needs a file that is complete for each function, so there the builds stay as they are.
 *
 * Locally the code stays readable for debuggers: minifying it makes only packages smaller.
 */
export function bundleTogether({ serviceDir, processedInput, service }: RunningServerless): Plugin[] {
  if (processedInput.commands[0] !== 'offline') return [];
  const entries = new Set(Object.values(service.functions).map(({ handler }) => handler.replace(/\.[^./]+$/, '')));
  const [first] = entries;
  return [
    {
      name: 'bundle-together',
      setup({ initialOptions }) {
        const [file = ''] = initialOptions.entryPoints as string[];
        const entry = file.replace(/\.[^./]+$/, '');
        if (entry !== first) {
          initialOptions.entryPoints = [];
          return;
        }
        Object.assign(initialOptions, {
          entryPoints: [...entries].map((path) => join(serviceDir, path)),
          outbase: serviceDir,
          // serverless-esbuild asks for the folder of this function's output: one level up for each level of its source.
          outdir: join(initialOptions.outdir ?? '', ...Array<string>(entry.split('/').length - 1).fill('..')),
          splitting: true,
          minify: false,
          sourcemap: true,
        });
      },
    },
  ];
}
