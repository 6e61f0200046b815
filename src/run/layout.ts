/** @file The names in a run folder. */

export const RUN = {
  /** What build-graph made of the recipe, with the initial weights. */
  graph: "graph",
  /** Those of the graphs that training runs, fitted to this machine. */
  tuned: "tuned",
  /** The same as graph/ with the learned weights and the bank: what other tools read. */
  exported: "exported",
  checkpoints: "checkpoints",
  /** Neighbour strips, a PNG for each evaluation. */
  neighbours: "neighbours",
  metrics: "metrics.jsonl",
  timings: "timings.jsonl",
  log: "train.log",
  config: "config.resolved.json",
  environment: "env.json",
  report: "report.html",
} as const;
