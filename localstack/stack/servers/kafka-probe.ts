import { connect } from 'node:net';

const metadataRequest = 3;
const version = 1;

/**
 * Asks a broker who is in its cluster: the Metadata request of Kafka's protocol, for no topic.
 *
 * @returns how many brokers are ready to serve; 0 from one that is up but not yet admitted.
 */
export function countBrokers(port: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1', signal });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the broker closed the connection before it answered')));
    socket.once('connect', () => socket.write(encodeRequest()));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      // Size, correlation id, and the length of the array of brokers.
      if (answer.length < 12) return;
      resolve(answer.readInt32BE(8));
      socket.destroy();
    });
  });
}

function encodeRequest(): Buffer {
  const body = Buffer.alloc(14);
  body.writeInt16BE(metadataRequest, 0);
  body.writeInt16BE(version, 2);
  body.writeInt32BE(1, 4);
  // No client id, and an array of no topics.
  body.writeInt16BE(-1, 8);
  body.writeInt32BE(0, 10);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}
