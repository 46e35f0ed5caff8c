-- One row per row of the two answers of a pair.
create or replace table cell as
select joined.*, their_number - our_number as d $truth
from joined $truth_join;

create or replace view compared as select * $apart from cell where same;
