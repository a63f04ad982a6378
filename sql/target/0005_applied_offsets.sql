-- Which records of a topic are applied, so that a record that never arrived is noticed.
--
-- Kafka does not know what the target holds: after a restore of an older copy of the target, and after a group's offsets
-- were moved forward, the group continues at offsets that are ahead of what is applied. A batch adds its offsets here in
-- its own transaction, so this table is as old as the rest of the target.

create table applied_offset (
  topic text not null,
  kafka_partition integer not null,
  -- Kafka's id of the topic, which differs when the topic was deleted and created again. Null until watch-replica has
  -- looked it up.
  topic_id text,
  -- A batch that is applied twice adds nothing, and a batch that is skipped leaves a hole.
  offsets int8multirange not null default '{}',
  primary key (topic, kafka_partition)
  -- Every batch updates these few rows: with free space on the page an update needs no entry in the index.
) with (fillfactor = 10);
