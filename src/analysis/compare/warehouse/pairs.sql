-- Which record of production belongs to which of the shadow, as ../duckdb/pairs.sql finds it in tables of its own; and what
-- became of records in no pair. In Trino's SQL.

-- name: keyed
-- Rows of answers by what pairs them, and how many records of their side have the same.
select
  $key as key, record, moment, place, row_count, label, number, scores, row_input, input_id, inference_id, event_id, asked,
  sum(case when place = 0 then 1 else 0 end) over (partition by $key) as n
from $side_rows where $key is not null;

-- name: twice
select key, record, moment, input_id, n from $side_keyed where place = 0 and n > 1;

-- name: told_apart
-- Pairs among records of an id that occurs equally often on both sides: told apart by their inputs, equal ones by their
-- order; none of an id of which the two sides do not hold the same inputs equally often.
with same as (
  select ours.key as key, ours.n as n
  from (select key, max(n) as n from production_twice group by key) as ours
  join (select key, max(n) as n from shadow_twice group by key) as theirs on theirs.key = ours.key and theirs.n = ours.n
), few as (
  select key, n from same where (select sum(n) from same) <= $most
), ours as (
  select
    twice.key as key, record, input_id, few.n as n,
    row_number() over (partition by twice.key, input_id order by moment, record) as nth
  from production_twice as twice join few on few.key = twice.key where input_id is not null
), theirs as (
  select
    twice.key as key, record, input_id,
    row_number() over (partition by twice.key, input_id order by moment, record) as nth
  from shadow_twice as twice join few on few.key = twice.key where input_id is not null
), met as (
  select
    ours.key as key, ours.record as production_record, theirs.record as shadow_record, ours.n as n,
    count(*) over (partition by ours.key) as found
  from ours join theirs on theirs.key = ours.key and theirs.input_id = ours.input_id and theirs.nth = ours.nth
)
select key, production_record, shadow_record from met where found = n;

-- name: matched_by_id
select ours.key as key, ours.record as production_record, theirs.record as shadow_record
from production_keyed as ours join shadow_keyed as theirs on theirs.key = ours.key
where ours.place = 0 and theirs.place = 0 and ours.n = 1 and theirs.n = 1
union all
select key, production_record, shadow_record from told_apart;

-- name: requests
-- A request is alone where no other of its side has its input within ten seconds.
select
  key, record, moment, row_count,
  coalesce(moment - lag(moment) over (partition by key order by moment) > 10000, true)
    and coalesce(lead(moment) over (partition by key order by moment) - moment > 10000, true) as alone
from $side_keyed where place = 0;

-- name: near
-- Requests of equal input within five seconds.
select
  ours.key as key, ours.record as production_record, theirs.record as shadow_record, ours.alone and theirs.alone as paired
from production_requests as ours join shadow_requests as theirs
  on theirs.key = ours.key and abs(ours.moment - theirs.moment) <= 5000;

-- name: matched_by_input
select key, production_record, shadow_record from near where paired;

-- name: tried_by_id
select
  (select cast(count(*) as double) from matched) as pairs,
  (select cast(count(*) as double) from told_apart) as retried,
  (select cast(count(*) as double) from production_twice) as production_twice,
  (select cast(count(*) as double) from shadow_twice) as shadow_twice,
  (select cast(count(*) as double) from production_keyed where place = 0) as production_keyed,
  (select cast(count(*) as double) from shadow_keyed where place = 0) as shadow_keyed;

-- name: tried_by_input
select
  (select cast(count(*) as double) from matched) as pairs, cast(0 as double) as retried,
  (select cast(count(*) as double) from (
    select production_record from near group by production_record having not bool_or(paired)) as one
  ) as production_twice,
  (select cast(count(*) as double) from (
    select shadow_record from near group by shadow_record having not bool_or(paired)) as one
  ) as shadow_twice,
  (select cast(count(*) as double) from production_keyed where place = 0) as production_keyed,
  (select cast(count(*) as double) from shadow_keyed where place = 0) as shadow_keyed;

-- name: cells
-- One row per row of the two answers of a pair. Two numbers mean the same where both are the prediction; else they are
-- what each model gives the class that production chose.
with answer as (
  select
    matched.key as key, ours.moment as moment, ours.place as place, ours.row_count = theirs.row_count as same_rows,
    ours.row_input as row_input, ours.row_input <> theirs.row_input as other_input, ours.label as production_label, theirs.label as shadow_label,
    ours.inference_id as inference_id, ours.event_id as event_id,
    ours.number as own, theirs.number as other, ours.scores as ours_scores, theirs.scores as theirs_scores,
    ours.number is not null and theirs.number is not null as numbers,
    coalesce(cardinality(ours.scores) = cardinality(theirs.scores), false) as scored
  from matched
  join production_keyed as ours on ours.key = matched.key and ours.record = matched.production_record
  join shadow_keyed as theirs
    on theirs.key = matched.key and theirs.record = matched.shadow_record and theirs.place = ours.place
), measured as (
  select answer.*, case when scored then $largest end as largest, case when scored then $distance end as score_distance from answer
), numbered as (
  select
    measured.*,
    case when numbers then own when scored then largest end as production_number,
    case when numbers then other when scored then $beside end as shadow_number,
    case
      when production_label = shadow_label and scored and cardinality(ours_scores) > 2
        then 2 * (score_distance - abs($beside - largest))
      -- A list of another length has other places, whatever stands in them.
      when production_label = shadow_label and not scored and cardinality(ours_scores) > 2 then 1e308
    end as others_apart
  from measured
), told as (
  select numbered.*, $told from numbered$labels
), usable as (
  -- Probabilities of all classes. A score belongs to the class of its place, which is that of the largest.
  select
    told.*,
    coalesce(
      $with_labels and scored and cardinality(ours_scores) >= 2
        and array_min(ours_scores) >= 0 and array_max(ours_scores) <= 1
        and array_min(theirs_scores) >= 0 and array_max(theirs_scores) <= 1
        and abs($ours_sum - 1) <= 0.01e0 and abs($theirs_sum - 1) <= 0.01e0
        and production_label = cast(array_position(ours_scores, array_max(ours_scores)) - 1 as varchar)
        and shadow_label = cast(array_position(theirs_scores, array_max(theirs_scores)) - 1 as varchar),
      false
    ) as usable
  from told
)
select
  key, moment, place, same_rows, row_input is not null as known_input, other_input,
  coalesce(row_input, substr(lower(to_hex(md5(to_utf8(key || '#' || cast(place as varchar))))), 1, 16)) as input,
  production_label, shadow_label, production_number, shadow_number, score_distance, others_apart,
  shadow_number - production_number as d, told_label, told_name, told_number, told_at,
  coalesce($number_apart, case when usable then abs($ours_squares - $theirs_squares) / 2 + $furthest end) as score_apart,
  coalesce($number_production, case when usable and told_class < cardinality(ours_scores)
    then $ours_squares - 2 * element_at(ours_scores, cast(told_class as bigint) + 1) + 1 end) as production_brier,
  coalesce($number_shadow, case when usable and told_class < cardinality(theirs_scores)
    then $theirs_squares - 2 * element_at(theirs_scores, cast(told_class as bigint) + 1) + 1 end) as shadow_brier
from usable;

-- name: counts
select
  cast(count(*) filter (where place = 0) as double) as pairs,
  cast(count(*) filter (where place = 0 and not same_rows) as double) as different,
  cast(count(*) filter (where place = 0 and same_rows and other_input is not null) as double) as known_inputs,
  cast(count(*) filter (where place = 0 and same_rows and other_input) as double) as other_inputs
from cell;

-- name: skew
-- The shadow's time less production's, of requests whose key occurs once a side; of a sample of keys where there are many.
select cast(theirs.moment - ours.moment as double) as apart, cast(count(*) as double) as n
from production_keyed as ours join shadow_keyed as theirs on theirs.key = ours.key
where ours.place = 0 and theirs.place = 0 and ours.n = 1 and theirs.n = 1 and $drawn
group by 1 order by 1;

-- name: states
-- Where the lines of a side went.
select
  state, why,
  cast(count(*) filter (where place = 0 and within) as double) as records,
  cast(count(*) filter (where place = 0 and not within) as double) as outside,
  cast(count(*) filter (where within) as double) as answers,
  cast(count(*) filter (where place = 0 and moment is null) as double) as timeless,
  min(number) filter (where within) as least, max(number) filter (where within) as most,
  cast(count(distinct label) filter (where within) as double) as labels,
  cast(count(*) filter (where within and number is not null and label is not null) as double) as named,
  cast(count(*) filter (where within and cardinality(scores) > 2) as double) as several
from (select *, moment is null or (moment >= $from and moment < $to) as within from $side_lines) as lines
group by state, why order by state, why;

-- name: examples
select state, why, example from $side_lines
where state in ('lost', 'unreadable') and (moment is null or (moment >= $from and moment < $to)) and place = 0
order by record limit 5;

-- name: unsure
select line from $side_lines
where state = 'unsure' and (moment is null or (moment >= $from and moment < $to)) limit $most;

-- name: commonest
-- The answer that a side gives most, and how many different ones there are.
with given as (
  select label, case when label is null then number end as number, count(*) as n from $side_rows group by 1, 2
)
select label, number, cast(n as double) as n, cast(count(*) over () as double) as kinds
from given order by given.n desc, label nulls last, number nulls last limit 1;

-- name: unpaired_by_id
-- Production's answers without one of the shadow. An id that occurs twice on a side belongs to nobody.
select ours.moment as moment, ours.row_count as row_count, lost.empty as empty
from production_keyed as ours
left join (select key, bool_and(empty) as empty from shadow_lost where key is not null group by key) as lost
  on lost.key = ours.key
left join (select key from shadow_keyed group by key) as theirs on theirs.key = ours.key
where ours.place = 0 and ours.n = 1 and theirs.key is null;

-- name: unpaired_by_input
select ours.moment as moment, ours.row_count as row_count, lost.empty as empty
from production_requests as ours
left join (
  select one.record as record, bool_and(shadow_lost.empty) as empty
  from production_requests as one join shadow_lost
    on shadow_lost.key = one.key and abs(shadow_lost.moment - one.moment) <= 5000
  group by 1
) as lost on lost.record = ours.record
left join (select production_record from near group by production_record) as met on met.production_record = ours.record
where met.production_record is null;

-- name: unpaired_shadow
select theirs.key as key, theirs.moment as moment
from shadow_keyed as theirs
left join matched on matched.key = theirs.key and matched.shadow_record = theirs.record
where theirs.place = 0 and matched.key is null;

-- name: minutes
with paired as (
  select moment - moment % 60000 as block, count(*) as n from cell where place = 0 group by 1
), without as (
  select
    moment - moment % 60000 as block, count(*) as n,
    count(*) filter (where empty) as empties, count(*) filter (where not empty) as unreadable,
    count(*) filter (where empty is null) as absent,
    sum(case when empty is not null then row_count end) as lost_rows, sum(case when empty is null then row_count end) as absent_rows
  from unpaired group by 1
), own as (
  select key, moment, record from production_lost where key is not null
), answered as (
  select own.record as record from own join unpaired_shadow
    on unpaired_shadow.key = own.key and abs(unpaired_shadow.moment - own.moment) <= $within
  group by 1
), lost as (
  select own.record as record from own join shadow_lost
    on shadow_lost.key = own.key and abs(shadow_lost.moment - own.moment) <= $within
  group by 1
), other_way as (
  select
    moment - moment % 60000 as block,
    count(*) filter (where answered.record is not null) as only_shadow,
    count(*) filter (where answered.record is null and lost.record is not null) as neither
  from own left join answered on answered.record = own.record left join lost on lost.record = own.record
  where answered.record is not null or lost.record is not null group by 1
), every as (
  select block from paired union select block from without union select block from other_way
)
select
  cast(every.block as double) as "at", cast(coalesce(paired.n, 0) + coalesce(without.n, 0) as double) as answered,
  cast(coalesce(empties, 0) as double) as empty, cast(coalesce(unreadable, 0) as double) as unreadable,
  cast(coalesce(absent, 0) as double) as absent,
  cast(coalesce(lost_rows, 0) as double) as "rows", cast(coalesce(absent_rows, 0) as double) as "absentRows",
  cast(coalesce(only_shadow, 0) as double) as "onlyShadow", cast(coalesce(neither, 0) as double) as neither
from every
left join paired on paired.block = every.block
left join without on without.block = every.block
left join other_way on other_way.block = every.block
order by 1;

-- name: described
-- What the answers of a few rows of pairs were.
select
  matched.key as key, cast(ours.moment as double) as moment, cast(ours.place as double) as place,
  ours.label as production_label, ours.number as production_number, json_format(cast(ours.scores as json)) as production_scores,
  theirs.label as shadow_label, theirs.number as shadow_number, json_format(cast(theirs.scores as json)) as shadow_scores,
  ours.asked as asked
from matched
join production_keyed as ours on ours.key = matched.key and ours.record = matched.production_record
join shadow_keyed as theirs
  on theirs.key = matched.key and theirs.record = matched.shadow_record and theirs.place = ours.place
where $these;

-- name: asked
-- What a sample of the rows was asked, and whether the two answers are near.
select
  cell.input as input, cell.known_input as known_input, cast(cell.place as double) as place, cast(ours.row_count as double) as row_count,
  case
    when production_label is not null and shadow_label is not null then production_label = shadow_label
    else coalesce(abs(d) <= $tolerance, false)
  end as hit,
  $loss as loss, $own as own, ours.asked as asked
from cell join production_keyed as ours on ours.key = cell.key and ours.moment = cell.moment and ours.place = cell.place$lost
where cell.same_rows and ours.asked is not null order by ours.record limit $most;
