import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../terminal/program.ts';

/** Letters, digits and hyphens, as the names of functions allow. */
const STAGE = /^[a-zA-Z][a-zA-Z0-9-]{0,31}$/;

/** `--stage STAGE`: a command is about a deployed stage, and not about the running local stack. */
export function stageOption() {
  return new Option('--stage <STAGE>', 'a stage on AWS, such as prod, instead of the running stack').argParser(
    requireStage,
  );
}

export function regionOption() {
  return new Option('--region <REGION>', 'with --stage: its region (default: that of your AWS configuration)');
}

/** @throws UsageError when it cannot be the name of a stage. */
function requireStage(text: string): string {
  if (STAGE.test(text)) return text;
  throw new UsageError(`Expected the name of a stage, such as prod: letters, digits and hyphens, found "${text}".`);
}

/** A command with what makes it about the stage: `npm run redrive -- show` becomes `npm run redrive -- show --stage prod`. */
export function commandFor(command: string, stage: string | undefined): string {
  if (stage === undefined) return command;
  return `${command}${command.includes(' -- ') ? '' : ' --'} --stage ${stage}`;
}

/** For a question before something is changed. */
export function onStage(stage: string | undefined): string {
  return stage === undefined ? '' : ` on stage ${stage}`;
}

const COMMAND = /npm run [a-z][a-z-]*(?: -- --[a-z]+)?/g;

/** Every command in a text, as `commandFor` makes it. */
export function commandsFor(text: string, stage: string): string {
  return text.replace(COMMAND, (command) => commandFor(command, stage));
}
