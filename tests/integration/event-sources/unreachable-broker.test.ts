import net from 'node:net';
import { produce } from '../../support/event-sources/kafka-client.ts';
import { withMapping } from '../../support/event-sources/mapping-run.ts';
import { freePort } from '../../support/event-sources/scratch-service.ts';
import { eventually } from '../../support/eventually.ts';
import { endpoints } from '../../support/servers.ts';

describe('A broker that is not reachable', () => {
  test('[goal] at the start: is logged, and polled once it is reachable', async () => {
    const port = await freePort();
    await withMapping({ options: { brokers: [`127.0.0.1:${port}`] } }, async (run) => {
      const started = run.start();
      const notice = () => run.lines.find(({ message }) => String(message).startsWith('not polling'));
      await eventually(() => notice() !== undefined);
      expect(notice()).toMatchObject({ level: 'warn', mapping: 'Mapping', property: 'brokers' });
      expect(notice()?.['reason']).toMatch(/^no broker answers: start it, or correct .* \(AWS: PROBLEM/);
      // Forwards to the broker, as if the broker had started there.
      const [host = '', brokerPort = ''] = (endpoints().kafka.brokers[0] ?? '').split(':');
      const sockets = new Set<net.Socket>();
      const proxy = net.createServer((socket) => {
        const broker = net.connect(Number(brokerPort), host);
        socket.pipe(broker).pipe(socket);
        for (const side of [socket, broker]) {
          sockets.add(side);
          side.on('error', () => socket.destroy());
        }
      });
      proxy.listen(port, '127.0.0.1');
      try {
        await started;
        await produce(run.topic, [{ value: 'after' }]);
        await eventually(() => run.fn.values.includes('after'));
      } finally {
        await run.stop();
        for (const socket of sockets) socket.destroy();
        proxy.close();
      }
    });
  });

  /** Connections to a broker that a test can interrupt. */
  function removableBroker() {
    let away = false;
    const sockets = new Set<net.Socket>();
    const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
      // Nothing listens at port 1 of the loopback address.
      const socket = net.connect({ host, port: away ? 1 : port }, onConnect);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    };
    const takeAway = () => {
      away = true;
      for (const socket of sockets) socket.destroy(new Error('ECONNRESET'));
    };
    const bringBack = () => {
      away = false;
    };
    return { socketFactory, takeAway, bringBack };
  }

  test('[goal] while polling: is logged, polling resumes by itself, and no record is lost', async () => {
    const { socketFactory, takeAway, bringBack } = removableBroker();
    await withMapping({ options: { kafka: { socketFactory } } }, async (run) => {
      await run.start();
      await produce(run.topic, [{ value: 'before' }]);
      await eventually(() => run.fn.values.includes('before'));
      takeAway();
      await produce(run.topic, [{ value: 'meanwhile' }]);
      await eventually(() => run.lines.some(({ message }) => String(message).startsWith('not polling')));
      bringBack();
      await eventually(() => run.fn.values.includes('meanwhile'));
      await produce(run.topic, [{ value: 'after' }]);
      await eventually(() => run.fn.values.includes('after'));
      expect(run.fn.values.filter((value, index, all) => all.indexOf(value) === index)).toEqual([
        'before',
        'meanwhile',
        'after',
      ]);
    });
  });

  test('[goal] at the stop: the stop does not wait, and records without a commit are delivered again', async () => {
    const { socketFactory, takeAway, bringBack } = removableBroker();
    // Otherwise the group would wait ten minutes for the member that could not leave it, longer than this test may take.
    const patient = { options: { kafka: { socketFactory }, sessionTimeoutMs: 600_000 }, timeoutSeconds: 570 };
    await withMapping(patient, async (run) => {
      await run.start();
      run.fn.respond = () => {
        takeAway();
        return {};
      };
      await produce(run.topic, [{ value: 'handled' }]);
      await eventually(() => run.metrics.CommitErrorCount > 0);
      await run.stop();
      bringBack();
      run.fn.respond = () => ({});
      await run.start();
      await eventually(() => run.fn.values.length === 2);
      expect(run.fn.values).toEqual(['handled', 'handled']);
    });
  });
});
