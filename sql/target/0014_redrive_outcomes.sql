-- What became of redriven dead letters is decided by offsets, and a topic that was created again uses its offsets again. So
-- the id of the topic belongs to the place of a published record; null for those published by earlier versions.
alter table dead_letter add column published_topic_id text collate "C";

-- Dead letters of files that a newer version has replaced. They are neither published, refused nor failed.
alter table redrive add column obsolete integer not null default 0;
