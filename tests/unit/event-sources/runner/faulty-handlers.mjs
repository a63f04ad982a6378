export const succeed = async (event) => ({ received: event, absent: undefined });
export const throwText = async () => {
  throw 'a text, not an Error';
};
export const throwOutsidePromise = () => {
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
