import { invokedPage } from '../../../../localstack/stack/service/invoked-page.ts';

const HOST = '127.0.0.1:3000';

async function invoke(target: string, body = '', result: object = { statusCode: 200 }) {
  const invocations: unknown[][] = [];
  const invoker = {
    invoke: async (...call: unknown[]) => {
      invocations.push(call);
      return result;
    },
  };
  const request = { method: 'POST', target, headers: { host: HOST }, body: Buffer.from(body) };
  const response = await invokedPage(invoker, 'dashboard')(request, HOST);
  const [name, event] = invocations[0] ?? [];
  return { response, name, event };
}

describe('invokedPage', () => {
  it('invokes the function with the event of an HTTP API', async () => {
    const { name, event } = await invoke('/files?key=a%26b?c', 'note=é');
    expect(name).toBe('dashboard');
    expect(event).toMatchObject({
      ...{ version: '2.0', rawPath: '/files', rawQueryString: 'key=a%26b?c', headers: { host: HOST } },
      requestContext: { domainName: HOST, http: { method: 'POST', path: '/files' } },
      ...{ body: Buffer.from('note=é').toString('base64'), isBase64Encoded: true },
    });
  });

  it('decodes a body in base64', async () => {
    const result = { statusCode: 200, headers: { 'content-encoding': 'gzip' }, body: 'H4s=', isBase64Encoded: true };
    const { response } = await invoke('/', '', result);
    expect(response).toEqual({
      ...{ status: 200, headers: { 'content-encoding': 'gzip' }, body: Buffer.from('H4s=', 'base64') },
    });
  });

  it('needs neither headers nor a body', async () => {
    const { response } = await invoke('/', '', { statusCode: 304 });
    expect(response).toEqual({ status: 304, headers: {}, body: Buffer.alloc(0) });
  });
});
