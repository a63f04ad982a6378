/** Runs fauxqs, which serves SQS and SNS, until its standard input ends. Prints its endpoint. */
import { buildApp } from 'fauxqs';

const app = buildApp({ logger: false });
// Its own start function ignores the option for the address, and listens on all of them.
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.stdin.resume().once('end', () => process.exit(0));
