/**
 * SQL: whether one row of `ingested_file` is a newer version of the object than another one. Sequencers of different lengths
 * are padded with zeros on the right; without them the later row is the newer one.
 */
export const isNewerFile = (newer: string, older: string) => `
  case when ${newer}.sequencer is null or ${older}.sequencer is null then ${newer}.file_id > ${older}.file_id
    else rpad(upper(${newer}.sequencer), 1024, '0') collate "C" > rpad(upper(${older}.sequencer), 1024, '0') collate "C" end`;
