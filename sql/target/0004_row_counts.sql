-- Each row of a file is counted once: as filtered out, rejected or sent.
--
-- It holds from the recorded end of the file on. Before that, the counts are a report of progress, and all of them are 0
-- while the file is validated. Versions that end without being read to their end keep their last report.
--
-- A migration of its own: it locks ingested_file alone, so that it cannot deadlock with a transaction that has locked
-- ingested_file and waits for another table.
alter table ingested_file
  add constraint ingested_file_row_counts check (not end_recorded or read = filtered_out + rejected + sent);
