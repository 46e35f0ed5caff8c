-- Which record of production belongs to which of the shadow, and what there is to compare of each row of their answers.

-- name: side
-- The records of one variant, a row per row of an answer, from the columns that the scan left: zero and NaN stand for
-- none. What a label is depends on the task: free JSON is its own label, and a bare number is one among classes.
create or replace $kind $side as
with stored as (
  select
    nullif(inference_id, 0) as inference_id, nullif(event_id, 0) as event_id, nullif(input_id, 0) as input_id,
    nullif(feature_id, 0) as feature_id, nullif(row_input, 0) as row_input,
    nullif(cluster, 0) as cluster, moment::bigint as moment,
    file, byte_offset, place, row_count, if(isnan(number), null, number) as number, label, other, scores,
    other_names, other_scores
  from read_parquet($files)
)
select
  stored.* replace (
    case '$task'
      when 'json' then coalesce(other, label, number_text(number), 'undefined')
      when 'multiclass' then coalesce(label, number_text(number))
      else label
    end as label,
    scores::double[] as scores, other_names::ubigint[] as other_names, other_scores::double[] as other_scores
  )
from stored;

-- name: number_text
-- A number as JavaScript writes it, so far as labels are numbers: 2, not 2.0.
create or replace macro number_text(number) as
  if(number = floor(number) and abs(number) < 1e15, number::bigint::varchar, number::varchar);

-- name: by_id
-- Pairs by an id that both records carry. An id that occurs twice on a side belongs to nobody, unless the table retry
-- says which of its records is which.
create or replace table duplicate_production as
select $key as key, count(*) as n from production where place = 0 and $key is not null group by 1 having count(*) > 1;

create or replace table duplicate_shadow as
select $key as key, count(*) as n from shadow where place = 0 and $key is not null group by 1 having count(*) > 1;

create or replace table retry (
  production_file uinteger, production_byte_offset double, shadow_file uinteger, shadow_byte_offset double
);

create or replace view joined as
select production_side.*, shadow_side.*
from (select columns('(.*)') as 'production_\1' from production) as production_side
join (select columns('(.*)') as 'shadow_\1' from shadow) as shadow_side
  on production_$key = shadow_$key and production_place = shadow_place
where production_$key not in (select key from duplicate_production)
  and production_$key not in (select key from duplicate_shadow);

-- name: repeated
-- Records of ids that occur equally often on both sides, more than once.
with same as (
  select key from duplicate_production as ours join duplicate_shadow as theirs using (key) where ours.n = theirs.n
)
select 'production' as side, $key::varchar as key, moment::double as moment, file::double as file, byte_offset from production
where place = 0 and $key in (from same)
union all
select 'shadow', $key::varchar, moment::double, file::double, byte_offset from shadow where place = 0 and $key in (from same)
order by side, key, moment, file, byte_offset limit $most;

-- name: with_retries
insert into retry values $pairs;

create or replace view joined as
select production_side.*, shadow_side.*
from (select columns('(.*)') as 'production_\1' from production) as production_side
join (select columns('(.*)') as 'shadow_\1' from shadow) as shadow_side
  on production_$key = shadow_$key and production_place = shadow_place
where production_$key not in (select key from duplicate_production)
  and production_$key not in (select key from duplicate_shadow)
union all
select production_side.*, shadow_side.*
from retry
join (select columns('(.*)') as 'production_\1' from production) as production_side
  using (production_file, production_byte_offset)
join (select columns('(.*)') as 'shadow_\1' from shadow) as shadow_side using (shadow_file, shadow_byte_offset)
where production_place = shadow_place;

-- name: requests
-- The requests of one side by their input; one is unambiguous where no other of its side has this input within ten
-- seconds.
create or replace table request_$side as
select
  input_id, file, byte_offset, moment,
  coalesce(moment - lag(moment) over same_input > 10000, true)
    and coalesce(lead(moment) over same_input - moment > 10000, true) as unambiguous
from $side where place = 0 and input_id is not null
window same_input as (partition by input_id order by moment);

-- name: by_input
-- Pairs by equal input within five seconds, each request alone with its input on its own side. Requests that are near one
-- of the other side and in no pair could belong to several.
create or replace table near as
select
  production.input_id, production.file as production_file, production.byte_offset as production_byte_offset,
  shadow.file as shadow_file, shadow.byte_offset as shadow_byte_offset,
  production.unambiguous and shadow.unambiguous as paired
from request_production as production join request_shadow as shadow
  on production.input_id = shadow.input_id and abs(production.moment - shadow.moment) <= 5000;

create or replace table retry (
  production_file uinteger, production_byte_offset double, shadow_file uinteger, shadow_byte_offset double
);

create or replace table matched as
select production_file, production_byte_offset, shadow_file, shadow_byte_offset from near where paired;

create or replace table duplicate_production as
select key, count(*) as n from (
  select any_value(input_id) as key from near group by production_file, production_byte_offset having not bool_or(paired)
) group by key;

create or replace table duplicate_shadow as
select key, count(*) as n from (
  select any_value(input_id) as key from near group by shadow_file, shadow_byte_offset having not bool_or(paired)
) group by key;

create or replace view joined as
select production_side.*, shadow_side.*
from matched
join (select columns('(.*)') as 'production_\1' from production) as production_side
  using (production_file, production_byte_offset)
join (select columns('(.*)') as 'shadow_\1' from shadow) as shadow_side using (shadow_file, shadow_byte_offset)
where production_place = shadow_place;

-- name: cells
-- One row per row of the two answers of a pair. Two numbers mean the same where both are the prediction; else they are
-- what each model gives the class that production chose.
create or replace table cell as
with answer as (
  select
    *,
    production_number is not null and shadow_number is not null as numbers,
    $scored and len(production_scores) = len(shadow_scores) as scores
  from joined
), row_pair as (
  select
    production_$key as key, production_moment as moment, production_place as place,
    production_row_count = shadow_row_count as same_rows,
    production_row_input <> shadow_row_input as other_input,
    production_row_input is not null as known_input,
    -- A row whose input is not known is alone with it.
    coalesce(production_row_input, hash(production_$key, production_place)) as input,
    production_cluster is not null as known_cluster,
    coalesce(production_cluster, hash(production_$key, production_place, production_byte_offset)) as cluster,
    production_other is not null and shadow_other is not null as free_json,
    production_label, shadow_label, if(scores, $kept_production, null) as production_scores,
    if(scores, $kept_shadow, null) as shadow_scores,
    case when numbers then production_number when scores then list_max(production_scores) end as production_number,
    case
      when numbers then shadow_number
      when scores then shadow_scores[list_position(production_scores, list_max(production_scores))]
    end as shadow_number,
    -- Half the sum of absolute differences of scores (total variation).
    if(scores, list_sum(list_transform(list_zip(production_scores, shadow_scores), lambda z: abs(z[1] - z[2]))) / 2, null)
      as score_distance,
    -- How far the scores of the classes that were not chosen lie apart together, beyond what the chosen one's moved by; a class that
    -- a side does not name has the least score that it names.
    case
      when production_label <> shadow_label then null
      when scores and len(production_scores) > 2
        then list_sum(list_transform(list_zip(production_scores, shadow_scores), lambda z: abs(z[1] - z[2])))
          - 2 * abs(shadow_scores[list_position(production_scores, list_max(production_scores))] - list_max(production_scores))
      -- A list of another length has other places, whatever stands in them.
      when not scores and len(production_scores) > 2 then 1e308
      when scores or production_scores is not null then null
      when numbers and production_other_names is not null and shadow_other_names is not null
        then list_sum(list_transform(
            list_distinct(list_concat(production_other_names, shadow_other_names)),
            lambda name: abs(
              coalesce(shadow_other_scores[list_position(shadow_other_names, name)], list_min(shadow_other_scores))
                - coalesce(production_other_scores[list_position(production_other_names, name)], list_min(production_other_scores))
            )
          )) - abs(shadow_number - production_number)
    end as others_apart,
    $truth_key as truth_key, $other_truth_key as other_truth_key, $truth_place as truth_place
  from answer
)
, told as (
  select
    row_pair.* exclude (truth_key, other_truth_key, truth_place), shadow_number - production_number as d,
    if(truth.label is null, other_truth.label, truth.label) as told_label,
    if(truth.label is null, other_truth.name, truth.name) as told_name,
    if(truth.label is null, other_truth.number, truth.number) as told_number,
    if(truth.label is null, other_truth.class, truth.class) as told_class,
    if(truth.label is null, other_truth.came_at, truth.came_at) as told_at
  from row_pair
  left join truth on truth.key = truth_key and truth.place = truth_place
  left join truth as other_truth on other_truth.key = other_truth_key and other_truth.place = truth_place
), scored as (
  -- Probabilities of all classes. A score belongs to the class of its place, or to one that has a name, which is that of the largest.
  select
    *,
    len(production_scores) >= 2 and len(production_scores) = len(shadow_scores)
      and list_min(production_scores) >= 0 and list_max(production_scores) <= 1
      and list_min(shadow_scores) >= 0 and list_max(shadow_scores) <= 1
      and abs(list_sum(production_scores) - 1) <= 0.01 and abs(list_sum(shadow_scores) - 1) <= 0.01
      and $named as usable,
    list_sum(list_transform(production_scores, lambda x: x * x)) as production_squares,
    list_sum(list_transform(shadow_scores, lambda x: x * x)) as shadow_squares
  from told
)
select
  * exclude (production_scores, shadow_scores, usable, production_squares, shadow_squares),
  coalesce($number_apart, if(
    usable,
    abs(production_squares - shadow_squares) / 2
      + list_max(list_transform(list_zip(production_scores, shadow_scores), lambda z: abs(z[1] - z[2]))),
    null
  )) as score_apart,
  coalesce(
    $number_production,
    if(usable and $place < len(production_scores), production_squares - 2 * production_scores[($place)::bigint + 1] + 1, null)
  ) as production_brier,
  coalesce(
    $number_shadow,
    if(usable and $place < len(shadow_scores), shadow_squares - 2 * shadow_scores[($place)::bigint + 1] + 1, null)
  ) as shadow_brier
from scored;

-- Rows of a request that both models answered with as many rows.
create or replace view compared as select * from cell where same_rows;

-- name: counts
select
  count(*) filter (place = 0)::double as pairs,
  count(*) filter (place = 0 and not same_rows)::double as different,
  count(*) filter (place = 0 and same_rows and other_input is not null)::double as known_inputs,
  count(*) filter (place = 0 and same_rows and other_input)::double as other_inputs
from cell;
