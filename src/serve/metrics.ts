/** @file What the server counts, in the text form that Prometheus reads. */

/** Upper ends of the latency histogram's buckets, seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Latencies {
  /** [BUCKETS + 1] requests of each bucket alone; the last holds what is slower. */
  readonly counts: number[];
  seconds: number;
}

/** Something with a value of its own at any moment. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  read(): number;
}

export class Metrics {
  readonly #gauges: readonly Gauge[];
  /** By route, method and status, as labels. */
  readonly #requests = new Map<string, number>();
  /** By route, as labels. */
  readonly #latencies = new Map<string, Latencies>();

  constructor(gauges: readonly Gauge[]) {
    this.#gauges = gauges;
  }

  /** @param route as the table writes it: as many as there are routes, whatever clients ask for */
  count(route: string, method: string, status: number, seconds: number): void {
    const labels = `route="${route}",method="${method}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    const key = `route="${route}"`;
    const latencies = this.#latencies.get(key) ?? { counts: BUCKETS.map(() => 0).concat(0), seconds: 0 };
    this.#latencies.set(key, latencies);
    const bucket = BUCKETS.findIndex((end) => seconds <= end);
    latencies.counts[bucket < 0 ? BUCKETS.length : bucket]!++;
    latencies.seconds += seconds;
  }

  /** Text exposition format 0.0.4. */
  print(): string {
    const lines = [...head("http_requests_total", "counter", "Requests that were answered.")];
    for (const [labels, count] of this.#requests)
      lines.push(`instdisc_http_requests_total{${labels}} ${count}`);
    lines.push(...head("http_errors_total", "counter", "Answers with a status of 500 or more."));
    lines.push(`instdisc_http_errors_total ${this.#errors()}`);
    lines.push(...head("http_request_seconds", "histogram", "From the request's head to the answer's."));
    for (const [labels, latencies] of this.#latencies) lines.push(...printLatencies(labels, latencies));
    for (const { name, help, read } of this.#gauges) {
      lines.push(...head(name, "gauge", help), `instdisc_${name} ${read()}`);
    }
    return `${lines.join("\n")}\n`;
  }

  #errors(): number {
    const failed = [...this.#requests].filter(([labels]) => /status="5/.test(labels));
    return failed.reduce((sum, [, count]) => sum + count, 0);
  }
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP instdisc_${name} ${help}`, `# TYPE instdisc_${name} ${type}`];
}

function printLatencies(labels: string, { counts, seconds }: Latencies): string[] {
  const name = "instdisc_http_request_seconds";
  let below = 0;
  const buckets = [...BUCKETS, "+Inf"].map((end, at) => {
    below += counts[at]!;
    return `${name}_bucket{${labels},le="${end}"} ${below}`;
  });
  return [...buckets, `${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${below}`];
}
