import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { takeMetricLines } from '../../../../localstack/event-sources/runner/metric-lines.ts';

test('takes metric lines, and leaves everything else to the output', () => {
  let written = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const taken: string[] = [];
  takeMetricLines(output, (line) => taken.push(line));
  const console = new Console({ stdout: output, stderr: output });
  console.log('{"_aws":{"Timestamp":1},"RowsSent":3}');
  console.log('{"level":"INFO","message":"about {\\"_aws\\":1}"}');
  output.write(Buffer.from('{"_aws": bytes\n'));
  expect(taken).toEqual(['{"_aws":{"Timestamp":1},"RowsSent":3}']);
  expect(written).toBe('{"level":"INFO","message":"about {\\"_aws\\":1}"}\n{"_aws": bytes\n');
});
