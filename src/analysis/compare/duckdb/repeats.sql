-- What design effects are made of: rows and values, summed input by input. $values and $sums come from repeats.ts.
-- name: again
-- The inputs that come more than once: only these need be summed one by one.
create or replace table again as select input from $from group by input having count(*) > 1;
-- name: any
select count(*)::double as n from again;
-- name: repeated
select
  count(*)::double as inputs, coalesce(sum(known), 0)::double as known $sums
from (
  select count(*) filter (known_input) as known $values from $from where input in (from again) group by input
);
-- name: single
select count(*)::double as inputs, count(*) filter (known_input)::double as known $values from $from $alone;
