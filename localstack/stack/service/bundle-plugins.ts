import type { Plugin } from 'esbuild';
import { bundleTogether, type RunningServerless } from './bundle-together.ts';
import { lazyValidators } from './lazy-validators.ts';

/** serverless-esbuild's setting `plugins`. */
export default function bundlePlugins(serverless: RunningServerless): Plugin[] {
  return [lazyValidators(), ...bundleTogether(serverless)];
}
