-- What design effects are made of: rows and values, summed input by input (or cluster by cluster: $by). Of each input there are the number of rows
-- with a value (n), the sum of the values (x), and that of their squares (squares). Rows that are alone with their input
-- need no grouping, which is what costs.

-- name: answers
with value as (
  select
    $by as input, known_$by as known_input,
    -- 1 where the labels are equal; where there are none, 1 where the numbers lie further apart than the tolerance.
    case when production_label is not null and shadow_label is not null
      then case when production_label = shadow_label then 1 else 0 end end as agreement,
    case when (production_label is null or shadow_label is null) and d is not null
      then case when abs(d) > $tolerance then 1 else 0 end end as out_of_tolerance
  from compared
), repeated as (
  select $by as input from compared group by 1 having count(*) > 1
), by_input as (
  select
    sum(case when known_input then 1 else 0 end) as known,
    count(agreement) as agreement_n, coalesce(sum(agreement), 0) as agreement_x,
    count(out_of_tolerance) as tolerance_n, coalesce(sum(out_of_tolerance), 0) as tolerance_x
  from value where input in (select input from repeated) group by input
  union all
  select
    case when known_input then 1 else 0 end,
    case when agreement is null then 0 else 1 end, coalesce(agreement, 0),
    case when out_of_tolerance is null then 0 else 1 end, coalesce(out_of_tolerance, 0)
  from value where input not in (select input from repeated)
)
select
  cast(count(*) as double) as inputs, cast(coalesce(sum(known), 0) as double) as known,
  cast(coalesce(max(greatest(agreement_n, tolerance_n)), 0) as double) as largest,
  $agreement, $beyond
from by_input;

-- name: sample
-- The different inputs whose hash lies below a threshold, and how many rows each has.
select cast(input as varchar) as hash, cast(count(*) as double) as "rows"
from compared where known_input and $below group by input order by input;

-- name: truth
with value as (
  select
    $by as input, case when classes then case when only_production then 1 else 0 end end as only_production,
    case when classes then case when only_shadow then 1 else 0 end end as only_shadow, loss
  from with_truth
), repeated as (
  select $by as input from with_truth group by 1 having count(*) > 1
), by_input as (
  select
    count(only_production) as production_n, coalesce(sum(only_production), 0) as production_x,
    count(only_shadow) as shadow_n, coalesce(sum(only_shadow), 0) as shadow_x,
    count(loss) as loss_n, coalesce(sum(loss), 0) as loss_x, coalesce(sum(loss * loss), 0) as loss_squares
  from value where input in (select input from repeated) group by input
  union all
  select
    case when only_production is null then 0 else 1 end, coalesce(only_production, 0),
    case when only_shadow is null then 0 else 1 end, coalesce(only_shadow, 0),
    case when loss is null then 0 else 1 end, coalesce(loss, 0), coalesce(loss * loss, 0)
  from value where input not in (select input from repeated)
)
select $only_production, $only_shadow, $loss from by_input;
