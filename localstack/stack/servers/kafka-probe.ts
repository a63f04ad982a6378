import { connect } from 'node:net';

const METADATA_API_KEY = 3;
const API_VERSION = 1;
const CORRELATION_ID = 1;
/** Response: size, correlation id, and the length of the array of brokers, four bytes each. */
const BROKER_COUNT_OFFSET = 8;

/**
 * Sends a Metadata request of the Kafka protocol to a broker.
 *
 * @returns the number of brokers in its cluster; 0 while the broker itself has not registered yet.
 */
export function countBrokers(port: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let response = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1', signal });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the broker closed the connection')));
    socket.once('connect', () => socket.write(encodeRequest()));
    socket.on('data', (chunk: Buffer) => {
      response = Buffer.concat([response, chunk]);
      if (response.length < BROKER_COUNT_OFFSET + 4) return;
      resolve(response.readInt32BE(BROKER_COUNT_OFFSET));
      socket.destroy();
    });
  });
}

function encodeRequest(): Buffer {
  const body = Buffer.alloc(14);
  body.writeInt16BE(METADATA_API_KEY, 0);
  body.writeInt16BE(API_VERSION, 2);
  body.writeInt32BE(CORRELATION_ID, 4);
  // A null client id and an empty array of topics.
  body.writeInt16BE(-1, 8);
  body.writeInt32BE(0, 10);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}
