-- Pairs by an id that both records carry.
create or replace view joined as
select $both
from production as ours join shadow as theirs on ours.$key = theirs.$key $place
$alone;
