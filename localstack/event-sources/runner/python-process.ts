import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./function-process.py', import.meta.url));

export interface PythonFunction {
  /** The interpreter, for instance `python3`. */
  readonly executable: string;
  readonly module: string;
  readonly functionName: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Gets what the function prints, line by line. */
  readonly onLine: (line: string) => void;
}

/** What a Python function raised. */
export class PythonError extends Error {
  override readonly name = 'PythonError';
  /** The name of the exception's class, as Lambda reports it. */
  readonly errorType: string;

  constructor(message: string, errorType: string, stackTrace: readonly string[]) {
    super(message);
    this.errorType = errorType;
    this.stack = stackTrace.join('');
  }
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly errorMessage: string; readonly errorType: string; readonly stackTrace: string[] };
}

/** An answer is not JSON when something else, for instance a process of the function, writes into its line. */
function readAnswer(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch (error) {
    const errorMessage = `expected the answer of the function to be JSON: ${(error as Error).message}`;
    return { error: { errorMessage, errorType: 'Runtime.MarshalError', stackTrace: [] } };
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * The process of a Python function, which serverless-offline uses as if it had started it. An exception fails its invocation
 * at once. When the process ends, its invocation fails, and the next one starts a new process, as on AWS.
 */
export class PythonProcess {
  /** serverless-offline attaches a reader to it. */
  readonly stdout = new PassThrough();
  readonly stdin = { write: () => true };
  readonly #function: PythonFunction;
  readonly #onUse: (used: PythonProcess) => void;
  readonly #marker = `${randomUUID()} `;
  #child: ChildProcess | undefined;
  #pending: Pending | undefined;

  /** `onUse` is called when serverless-offline is about to use this process. */
  constructor(pythonFunction: PythonFunction, onUse: (used: PythonProcess) => void) {
    this.#function = pythonFunction;
    this.#onUse = onUse;
    this.#child = this.#start();
  }

  get stderr() {
    this.#onUse(this);
    return { on: () => {}, removeListener: () => {} };
  }

  /** serverless-offline has one invocation at a time of an instance. Rejects with what the function raised. */
  invoke(event: unknown, context: unknown): Promise<unknown> {
    this.#child ??= this.#start();
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#child?.stdin?.write(`${JSON.stringify({ event, context })}\n`);
    });
  }

  /** After a timeout, which serverless-offline has reported already, and at its end. */
  kill(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#pending = undefined;
    child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const { executable, module, functionName, environment } = this.#function;
    const child = spawn(executable, ['-u', SCRIPT, module, functionName, this.#marker], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(child, line));
    createInterface({ input: child.stderr }).on('line', this.#function.onLine);
    // A process that has ended reports so below.
    child.stdin.on('error', () => {});
    child.once('error', (error) => this.#ended(child, `${executable} cannot be started: ${error.message}`));
    child.once('close', (code, signal) => {
      this.#ended(child, `Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${signal}`}`);
    });
    return child;
  }

  #read(child: ChildProcess, line: string): void {
    if (!line.startsWith(this.#marker)) {
      // The answer begins on a new line of its own.
      if (line !== '') this.#function.onLine(line);
      return;
    }
    // A process that was killed may have answered, and its answer may be read after the next invocation has begun.
    if (this.#child !== child) return;
    const { result, error } = readAnswer(line.slice(this.#marker.length));
    const pending = this.#pending;
    this.#pending = undefined;
    // The process ends by itself, so that the next one reads the module again.
    if (/^Runtime\.(ImportModuleError|HandlerNotFound)$/.test(error?.errorType ?? '')) this.#child = undefined;
    if (error === undefined) pending?.resolve(result ?? null);
    else pending?.reject(new PythonError(error.errorMessage, error.errorType, error.stackTrace));
  }

  #ended(child: ChildProcess, message: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#pending?.reject(new PythonError(message, 'Runtime.ExitError', []));
    this.#pending = undefined;
  }
}
