-- Records of pairs, found again.

-- name: offsets_by_id
-- Where the records of a few pairs stand in their files.
select
  production.$key::varchar as key, production.moment::double as moment,
  production.file::double as production_file, production.byte_offset as production_byte_offset,
  shadow.file::double as shadow_file, shadow.byte_offset as shadow_byte_offset
from (from production where $key in ($keys) and place = 0) as production
join (from shadow where $key in ($keys) and place = 0) as shadow using ($key)
-- Of an id that occurs several times, only records that were told apart.
where $key not in (select key from duplicate_production) or exists (
  from retry
  where production_file = production.file and production_byte_offset = production.byte_offset
    and shadow_file = shadow.file and shadow_byte_offset = shadow.byte_offset
);

-- name: offsets_by_input
select
  production.input_id::varchar as key, production.moment::double as moment,
  production_file::double as production_file, production_byte_offset,
  shadow_file::double as shadow_file, shadow_byte_offset
from (from production where input_id in ($keys) and place = 0) as production
join matched on production.file = production_file and production.byte_offset = production_byte_offset;

-- name: lots
-- A lot for each pair, as lotOf in ../comparator/sample.ts makes it; the first of them.
select key::varchar as key, moment::double as moment, md5(key::varchar || ' ' || moment::bigint::varchar) as lot
from cell where place = 0 order by lot, key limit $most;
