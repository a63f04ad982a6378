import type { Plugin } from 'esbuild';
import { bundleTogether, type RunningServerless } from './bundle-together.ts';
import { lazyValidators } from './lazy-validators.ts';
import { unusedModules } from './unused-modules.ts';

/** serverless-esbuild's setting `plugins`. */
export default function bundlePlugins(serverless: RunningServerless): Plugin[] {
  return [lazyValidators(), unusedModules(), ...bundleTogether(serverless)];
}
