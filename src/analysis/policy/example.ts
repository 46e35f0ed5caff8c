/**
 * The default policy as a file, every key with its meaning; what has no default is commented out. docs/configuration.md shows it too,
 * and a test reads both with the real reader.
 */
export const EXAMPLE = `policy:                      # shares and margins are fractions: 0.1, or 10%, is ten percent
  alpha: 0.05                # chance of a wrong answer, gate by gate
  looks: always              # look as often as you like; once: narrower bounds, for a single look at the end
  minimumPairs: 300          # compared answers; with fewer, no gate on answers decides
  minimumCoverage: 0.9       # share of the shadow's requests that must be found as pairs
  warmupMinutes: 2           # of the shadow, left out when latency is judged
  blockMinutes: 10           # latency is judged in blocks of this many minutes ...
  minimumBlocks: 8           # ... and a pass needs this many blocks: 80 minutes
  minimumDays: 7             # a batch passes after so many days, and every day of the week once
  latency: { mean: 0.1, p50: 0.1, p90: 0.2, p99: 0.2, floor: 0.25ms } # how much slower the shadow may be; by less than floor it always may
  errors: 0.01               # how much higher its share of failed requests may be
  agreement: 0.9             # share of predicted labels that must equal production's; for information if true labels are given
  classes: { agreement: 0.8, rows: 200 } # the same of each class of production, from so many rows on
  newClasses: 0.001          # share of rows that may have a class which production never gives
  numbers: { share: 0.05 }   # share of numbers that may differ by more than the tolerance, likewise
  truth: 0.02                # against --labels: accuracy it may lose, or how much larger its mean error or Brier score may be
  recall: 0.1                # against --labels: how much lower its recall of any class may be
  cost: 0.05                 # against --labels and costs: how much more a row may cost, as a share of production's
  unparsed: 0.01             # share of its answers that may be missing or unreadable, beyond production's
  answers: { kinds: { binary: { agreement: 0.95 }, json: { agreement: 0.95 } }, order: true, similarity: 1, refusals: { share: 0.01 } } # shadowctl help answers
  effect: { latency: 0.1, overhead: 0.2, errors: 0.01 } # what the shadow may cost production; for information
  decide: []                 # gates that otherwise only inform: [effect], or [labels.agreement] in addition to labels; [stability]
  inform: []                 # gates that must not decide: [latency.p99]
  # Without a default:
  # expect: same             # what the new model is: same as production, better, or better by 2 points
  # accept: window           # promote may rest on this window alone, through a canary; without it, on how things go on
  # fallback: canary         # promote, where SageMaker refuses guardrails beside a shadow: detach it, then a canary, without asking; none: stop
  # waivers: [{ gate: latency.p99, reason: agreed with the callers, owner: ana, until: 2026-12-31 }] # gates that need not pass
  # cover: 24h               # traffic that a pass must cover: a day holds its quiet and its busy hours
  # cluster: user            # column of the inputs, or path into the request, whose rows hang together
  # bias: 0.1                # standard deviations by which its numbers may lean on average; without it 0.05, with labels 0.1
  # slices: 0.9              # share of equal answers in every slice of every input column
  # distances: { ks: 0.1, psi: 0.1, jensenShannon: 0.02, wasserstein: 5 } # between the two models' numbers
  # regressions: 0.02      # share of rows with labels that may be right with production and wrong with the shadow
  # maturity: 7d           # how old a request must be for its label to count: late labels are not like early ones
  # labels: random         # the rows with a label were drawn at random; matters for limits where nothing is live (--live none)
  # costs: { 'fraud→ok': 100, 'ok→fraud': 1 } # what mistakes cost, truth→prediction; * is any class; decides in place of accuracy
  # reference: scores.csv    # numbers that its own are to be spread as: a file of them; { file: scores.csv, ks: 0.1, psi: 0.1 } says how nearly
  # limits: { latency: { p99: 200ms }, errors: 1%, accuracy: 0.85, recall: { fraud: 0.8 }, cost: 0.5 } # of the shadow alone
  # resources: { memory: 0.2, cpu: 0.2 } # how much more of its instances it may use than production
  # answers: { kind: scores, path: $.result, ignore: [$.id], tolerance: { absolute: 0.5 }, command: python3 compare.py } # likewise
`;
