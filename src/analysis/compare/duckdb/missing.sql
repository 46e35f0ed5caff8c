-- Requests of which one answer is missing, by the minute.

-- name: lost
-- Records of one side without an answer that can be read: zero stands for no id.
create or replace table lost_$side as
select nullif($key, 0) as key, moment::bigint as moment, label = 'empty' as empty
from read_parquet($files) where $key <> 0;

-- name: unpaired_by_id
-- Production's answers without one of the shadow. An id that occurs twice on a side belongs to nobody.
create or replace table unpaired as
with lost as (select key, bool_and(empty) as empty from lost_shadow group by key)
select moment, row_count, empty
from (select $key as key, moment, row_count from production where place = 0 and $key is not null) as answered
left join lost using (key)
where key not in (select key from duplicate_production) and key not in (select key from duplicate_shadow)
  and key not in (select key from cell where place = 0);

create or replace table unpaired_shadow as
select $key as key, moment from shadow
where place = 0 and $key is not null and $key not in (select key from cell where place = 0);

-- name: unpaired_by_input
create or replace table unpaired as
with answered as (
  select input_id as key, moment, row_count, file, byte_offset from production
  where place = 0 and input_id is not null
    and (file, byte_offset) not in (select (production_file, production_byte_offset) from near)
), lost as (
  select file, byte_offset, bool_and(empty) as empty
  from answered join lost_shadow on answered.key = lost_shadow.key and abs(answered.moment - lost_shadow.moment) <= 5000
  group by 1, 2
)
select moment, row_count, empty from answered left join lost using (file, byte_offset);

create or replace table unpaired_shadow as
select input_id as key, moment from shadow
where place = 0 and input_id is not null
  and (file, byte_offset) not in (select (shadow_file, shadow_byte_offset) from matched);

-- name: paired_minutes
select ((moment // 60000) * 60000)::double as at, count(*)::double as answered
from cell where place = 0 group by 1 order by 1;

-- name: minutes
with paired as (
  select moment // 60000 as minute, count(*) as n from cell where place = 0 group by 1
), without as (
  select
    moment // 60000 as minute, count(*) as n,
    count(*) filter (empty) as empty, count(*) filter (not empty) as unreadable, count(*) filter (empty is null) as absent,
    sum(row_count) filter (empty is not null) as rows, sum(row_count) filter (empty is null) as absent_rows
  from unpaired group by 1
), judged as (
  select
    moment // 60000 as minute,
    exists (
      from unpaired_shadow as other
      where other.key = own.key and abs(other.moment - own.moment) <= $within
    ) as answered,
    exists (
      from lost_shadow as other where other.key = own.key and abs(other.moment - own.moment) <= $within
    ) as lost
  from lost_production as own
), other_way as (
  select minute, count(*) filter (answered) as only_shadow, count(*) filter (not answered and lost) as neither
  from judged where answered or lost group by 1
)
select
  (minute * 60000)::double as at, (coalesce(paired.n, 0) + coalesce(without.n, 0))::double as answered,
  coalesce(empty, 0)::double as empty, coalesce(unreadable, 0)::double as unreadable, coalesce(absent, 0)::double as absent,
  coalesce(rows, 0)::double as rows, coalesce(absent_rows, 0)::double as "absentRows",
  coalesce(only_shadow, 0)::double as "onlyShadow", coalesce(neither, 0)::double as neither
from paired full join without using (minute) full join other_way using (minute) order by minute;
