import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut and mended, so that an outage of it concerns one test alone. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(host: string, port: number) {
    this.#server = createServer((socket) => {
      if (this.#cut) {
        socket.destroy();
        return;
      }
      const through = connect(port, host);
      for (const end of [socket, through]) {
        this.#sockets.add(end);
        // Either end going away takes the other with it.
        end.on('error', () => {});
        end.on('close', () => {
          this.#sockets.delete(end);
          socket.destroy();
          through.destroy();
        });
      }
      socket.pipe(through).pipe(socket);
    });
  }

  /** @returns the link and the URL that leads over it. */
  static async to(url: string): Promise<{ readonly link: Link; readonly url: string }> {
    const far = new URL(url);
    const link = new Link(far.hostname, Number(far.port));
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    far.hostname = '127.0.0.1';
    far.port = String((link.#server.address() as AddressInfo).port);
    return { link, url: far.href };
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
