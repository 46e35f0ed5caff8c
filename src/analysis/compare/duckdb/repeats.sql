-- What design effects are made of: rows and values, summed input by input (or cluster by cluster: $by). Of each input there are the number of rows
-- with a value (n), the sum of the values (x), and that of their squares (squares). Rows that are alone with their input
-- need no grouping, which is what costs.

-- name: input_sums
create or replace macro input_sums(n, x, squares) as {
  inputs: count(*) filter (n > 0)::double, rows: sum(n)::double, "rowsSquared": sum(n * n)::double,
  sum: sum(x)::double, "sumSquared": sum(x * x)::double, "cross": sum(x * n)::double,
  "between": sum(x * x / nullif(n, 0))::double, squares: sum(squares)::double
};

create or replace macro count_of(value) as (value is not null)::integer;

-- name: answers
with value as (
  select
    $by as input, known_$by as known_input,
    -- 1 where the labels are equal; where there are none, 1 where the numbers lie further apart than the tolerance.
    if(labels, (production_label = shadow_label)::integer, null) as agreement,
    if(not labels and d is not null, (abs(d) > $tolerance)::integer, null) as out_of_tolerance
  from (select *, production_label is not null and shadow_label is not null as labels from compared)
), repeated as (
  select $by as input from compared group by 1 having count(*) > 1
), by_input as (
  select
    count(*) filter (known_input) as known,
    count(agreement) as agreement_n, coalesce(sum(agreement), 0) as agreement_x,
    count(out_of_tolerance) as tolerance_n, coalesce(sum(out_of_tolerance), 0) as tolerance_x
  from value where input in (from repeated) group by input
  union all
  select known_input::integer, count_of(agreement), coalesce(agreement, 0), count_of(out_of_tolerance), coalesce(out_of_tolerance, 0)
  from value where input not in (from repeated)
)
select
  count(*)::double as inputs, coalesce(sum(known), 0)::double as known,
  coalesce(max(greatest(agreement_n, tolerance_n)), 0)::double as largest,
  input_sums(agreement_n, agreement_x, agreement_x) as agreement,
  input_sums(tolerance_n, tolerance_x, tolerance_x) as beyond
from by_input;

-- name: sample
-- The different inputs whose hash lies below a threshold, and how many rows each has.
select input::varchar as hash, count(*)::double as rows
from compared where known_input and input::hugeint < $below::hugeint group by input order by input;

-- name: truth
with value as (
  select
    $by as input, if(classes, only_production::integer, null) as only_production,
    if(classes, only_shadow::integer, null) as only_shadow, loss
  from with_truth
), repeated as (
  select $by as input from with_truth group by 1 having count(*) > 1
), by_input as (
  select
    count(only_production) as production_n, coalesce(sum(only_production), 0) as production_x,
    count(only_shadow) as shadow_n, coalesce(sum(only_shadow), 0) as shadow_x,
    count(loss) as loss_n, coalesce(sum(loss), 0) as loss_x, coalesce(sum(loss * loss), 0) as loss_squares
  from value where input in (from repeated) group by input
  union all
  select
    count_of(only_production), coalesce(only_production, 0), count_of(only_shadow), coalesce(only_shadow, 0),
    count_of(loss), coalesce(loss, 0), coalesce(loss * loss, 0)
  from value where input not in (from repeated)
)
select
  input_sums(production_n, production_x, production_x) as "onlyProduction",
  input_sums(shadow_n, shadow_x, shadow_x) as "onlyShadow",
  input_sums(loss_n, loss_x, loss_squares) as loss
from by_input;
