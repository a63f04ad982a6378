import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the account holds. */
export interface FakeAccount {
  readonly concurrency: { readonly total: number; readonly unreserved: number };
  /** By function. */
  readonly reserved: Readonly<Record<string, number>>;
  /** States by stack. */
  readonly stacks: Readonly<Record<string, string>>;
  /** Of all stacks: values by parameter. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of all stacks: identifiers by the logical id of the database. */
  readonly databases?: Readonly<Record<string, string>>;
  /** Names of stacks, and identifiers of databases. */
  readonly protectedFromDeletion?: readonly string[];
  /** By name: the status code that a HEAD request gets. */
  readonly buckets: Readonly<Record<string, number>>;
  /** Of each class of databases. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  /** The code of an error that every request gets. */
  readonly refusal?: string;
}

export const FRESH_ACCOUNT: FakeAccount = {
  concurrency: { total: 1_000, unreserved: 1_000 },
  reserved: {},
  stacks: {},
  buckets: {},
  versions: { 'db.t4g.medium': ['17.7', '18.1'], 'db.t4g.micro': ['17.7', '18.1'] },
};

/**
 * A server that answers what a deployment asks of an AWS account, in AWS's own protocols, for the SDK's variable
 * AWS_ENDPOINT_URL. It answers an error to anything that would change the account, and remembers it.
 */
export class FakeAws {
  account: FakeAccount = FRESH_ACCOUNT;
  /** Requests that nothing here answers. */
  readonly unexpected: string[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });

  /** Returns the variables that direct the AWS SDK to this server. */
  async start(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'fake',
      AWS_SECRET_ACCESS_KEY: 'fake',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const form = new URLSearchParams(await text(request));
    const { refusal, concurrency, reserved, buckets } = this.account;
    if (refusal !== undefined) return sendError(response, 403, refusal, 'refused');
    const action = form.get('Action');
    if (action !== null) {
      const result = this.#resultOf(action, form);
      if (result !== undefined) return sendResult(response, action, result);
      const name = form.get('StackName');
      if (action === 'DescribeStacks')
        return sendError(response, 400, 'ValidationError', `Stack with id ${name} does not exist`);
    }
    if (method === 'GET' && url.startsWith('/2016-08-19/account-settings')) {
      const { total, unreserved } = concurrency;
      const AccountLimit = { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved };
      return sendJson(response, 200, { AccountLimit });
    }
    const [, name] = /^\/2019-09-30\/functions\/([^/]+)\/concurrency/.exec(url) ?? [];
    if (method === 'GET' && name !== undefined) {
      if (name in reserved) return sendJson(response, 200, { ReservedConcurrentExecutions: reserved[name] });
      response.setHeader('x-amzn-errortype', 'ResourceNotFoundException');
      return sendJson(response, 404, { Message: `Function not found: ${name}` });
    }
    if (method === 'HEAD') {
      response.writeHead(buckets[url.slice(1).replace(/[/?].*$/, '')] ?? 404).end();
      return;
    }
    this.unexpected.push(action ?? `${method} ${url}`);
    sendError(response, 400, 'Unexpected', `${method} ${url}`);
  }

  /** Of the protocol that has the name of the action in a form. */
  #resultOf(action: string, form: URLSearchParams): string | undefined {
    const { stacks, versions } = this.account;
    if (action === 'GetCallerIdentity') return '<Account>123456789012</Account>';
    if (action === 'DescribeStacks') {
      const name = form.get('StackName') ?? '';
      const status = stacks[name];
      return status === undefined ? undefined : this.#stack(name, status);
    }
    if (action === 'ListStackResources') return this.#resources();
    if (action === 'DescribeDBInstances') return this.#database(form.get('DBInstanceIdentifier') ?? '');
    if (action !== 'DescribeOrderableDBInstanceOptions') return undefined;
    const options = (versions[form.get('DBInstanceClass') ?? ''] ?? []).map(
      (version) =>
        `<OrderableDBInstanceOption><EngineVersion>${version}</EngineVersion><MultiAZCapable>true</MultiAZCapable></OrderableDBInstanceOption>`,
    );
    return `<OrderableDBInstanceOptions>${options.join('')}</OrderableDBInstanceOptions>`;
  }

  #stack(name: string, status: string): string {
    const { parameters = {}, protectedFromDeletion = [] } = this.account;
    const members = Object.entries(parameters).map(
      ([key, value]) => `<member><ParameterKey>${key}</ParameterKey><ParameterValue>${value}</ParameterValue></member>`,
    );
    const isProtected = protectedFromDeletion.includes(name);
    return `<Stacks><member><StackName>${name}</StackName><StackStatus>${status}</StackStatus><EnableTerminationProtection>${isProtected}</EnableTerminationProtection><Parameters>${members.join('')}</Parameters></member></Stacks>`;
  }

  #resources(): string {
    const members = Object.entries(this.account.databases ?? {}).map(
      ([logicalId, id]) =>
        `<member><LogicalResourceId>${logicalId}</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceType>AWS::RDS::DBInstance</ResourceType></member>`,
    );
    return `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`;
  }

  #database(id: string): string {
    const isProtected = this.account.protectedFromDeletion?.includes(id) ?? false;
    return `<DBInstances><DBInstance><DBInstanceIdentifier>${id}</DBInstanceIdentifier><DeletionProtection>${isProtected}</DeletionProtection></DBInstance></DBInstances>`;
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendResult(response: ServerResponse, action: string, result: string): void {
  const body = `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
  response.writeHead(200, { 'content-type': 'text/xml' }).end(body);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const body = `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
}
