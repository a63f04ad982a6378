import { parseJsonObject } from '../../../functions/core/json-object.ts';

test('reads a JSON object', () => {
  expect(parseJsonObject(Buffer.from('{"name":"Zoë","more":{}}'), 'PIPE_X', 'a message')).toEqual({
    name: 'Zoë',
    more: {},
  });
});

test.each([
  ['no value', null, 'a record without a value'],
  ['a byte that UTF-8 does not have', Buffer.from([0x7b, 0xff, 0x7d]), 'bytes that are not UTF-8'],
  ['an empty value', Buffer.from(''), 'text that is not JSON'],
  ['half an object', Buffer.from('{"secret":1'), 'text that is not JSON'],
  ['a byte order mark', Buffer.from('\ufeff{}'), 'text that is not JSON'],
  ['an array', Buffer.from('[]'), 'another JSON value'],
  ['null', Buffer.from('null'), 'another JSON value'],
  ['a number', Buffer.from('7'), 'another JSON value'],
  ['a text', Buffer.from('"text"'), 'another JSON value'],
  ['a boolean', Buffer.from('true'), 'another JSON value'],
])('refuses %s', (_, value, found) => {
  const parse = () => parseJsonObject(value, 'PIPE_X', 'a message');
  const message = `expected a message as a JSON object, got ${found}`;

  expect(parse).toThrow(expect.objectContaining({ code: 'PIPE_X', retry: 'never', message }));
  // The parser's own error quotes the text.
  expect(parse).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
});
