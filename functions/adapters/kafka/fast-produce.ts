import kafkajsPackage from 'kafkajs/package.json' with { type: 'json' };
import produce from 'kafkajs/src/protocol/requests/produce/index.js';
import { encodeProduceRequest } from './produce-request.ts';

/** The version whose inside this was written for and is tested against. */
const KNOWN_VERSION = '2.2.4';

let installed = false;

/**
 * Has kafkajs encode its Produce requests by `encodeProduceRequest`, which takes a tenth of the time.
 *
 * Only how uncompressed records become bytes is replaced; connections, sign-in, retries and sequence numbers stay
 * kafkajs' own. Another version of kafkajs is left as it is: slower, and right.
 */
export function installFastProduce(): void {
  if (installed || kafkajsPackage.version !== KNOWN_VERSION) return;
  installed = true;
  const original = produce.protocol;
  produce.protocol = ({ version }) => {
    const makeRequest = original({ version });
    if (version < 3 || version > 7) return makeRequest;
    return (options) => {
      const made = makeRequest(options);
      if (options.compression) return made;
      const encode = async () => {
        const buffer = encodeProduceRequest(options);
        return { buf: buffer, buffer };
      };
      return { ...made, request: { ...made.request, encode } };
    };
  };
}
