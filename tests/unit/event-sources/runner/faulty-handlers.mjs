import { randomUUID } from 'node:crypto';

export const echo = async (event) => ({ received: event, absent: undefined, notCloneable: () => {} });
export const throwText = async () => {
  throw 'a text, not an Error';
};
export const throwOutsidePromise = (event) => {
  if (event.succeeds) return Promise.resolve('done');
  setTimeout(() => {
    throw new Error('outside of any promise');
  });
  return new Promise(() => {});
};
export const exit = () => {
  process.exit(1);
};
export const reject = async () => {
  throw new Error('rejected');
};
export const printMetrics = async () => {
  console.log('{"_aws":{},"RowsSent":3}');
  // The lines are sent to the main thread, and this gives them time to arrive before the response.
  await new Promise(setImmediate);
};
const instance = randomUUID();
export const instanceId = async () => instance;
export const otherInstanceId = instanceId;
