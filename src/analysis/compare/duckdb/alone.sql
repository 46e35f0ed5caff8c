where not exists (from twice_production as twice where twice.key = ours.$key)
  and not exists (from twice_shadow as twice where twice.key = ours.$key)
