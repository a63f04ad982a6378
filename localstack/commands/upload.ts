import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { readEndpoints } from '../stack/endpoints.ts';
import { putIntoBucket, putIntoStage } from './bucket.ts';
import { requireCsvFile, requireCsvKey, requireCsvName, shellWord } from './csv-file.ts';
import { openStage } from './stage/open-functions.ts';
import { StageOperator } from './stage/stage-operator.ts';
import { regionOption, stageOption } from './stage/stage-options.ts';
import { formatCount } from './terminal/figures.ts';
import { printResult } from './terminal/output.ts';
import { createProgram, directoryOption, runCommand } from './terminal/program.ts';

/** `npm run upload`: uploads a file to the bucket of the running stack. */
const program = createProgram('npm run upload', 'Uploads a CSV file to the bucket of the running stack, or of a stage.')
  .argument('<FILE.csv>', 'the file')
  .option('--key <KEY>', 'the key of the object, which must end with .csv (default: the name of the file)')
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async (file, { key: givenKey, stage, region, directory }) => {
    if (givenKey !== undefined) requireCsvKey(givenKey);
    const { path, bytes } = await requireCsvFile(file);
    if (givenKey === undefined) {
      requireCsvName(path, (csvName) => `"npm run upload -- ${shellWord(file)} --key ${shellWord(csvName)}"`);
    }
    const key = givenKey ?? basename(path);
    const put = async () => {
      if (stage === undefined) {
        const { s3 } = await readEndpoints(directory);
        await putIntoBucket(s3, key, createReadStream(path));
        return s3.bucket;
      }
      const { bucket } = await new StageOperator(openStage(stage, region)).describe();
      await putIntoStage(bucket, key, createReadStream(path), { stage, region });
      return bucket;
    };
    printResult(`Uploaded ${file} (${formatCount(bytes)} bytes) to s3://${await put()}/${key}`);
  });

await runCommand(program);
