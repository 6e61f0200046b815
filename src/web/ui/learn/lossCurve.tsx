/** @file The loss curve as it grows. Its line is stretched to the room there is; its numbers are text as all others. */

import { useMemo } from "preact/hooks";
import type { LearnState } from "./learnState.js";
import { describeLoss, PLOT, plotLoss } from "./lossPlot.js";
import { pointsOf } from "./lossTrace.js";

const NO_EXTENT = { steps: 1, epochs: 1 };

export function LossCurve({ state }: { readonly state: LearnState }) {
  const { trace, ready, outcome } = state;
  const { steps, epochs } = ready?.settings ?? NO_EXTENT;
  const points = useMemo(() => pointsOf(trace), [trace]);
  const extent = { steps, epochs };
  const plot = useMemo(() => plotLoss(points, extent), [points, steps, epochs]);
  const now = outcome?.loss ?? plot.end?.loss;
  return (
    <section class="curve" aria-labelledby="curve-title">
      <div class="heading">
        <h2 id="curve-title">Loss</h2>
        <span class="small">
          {now === undefined ? "no step yet" : <b class="now">{now.toFixed(3)}</b>}
          {now !== undefined && ", lower is better"}
        </span>
      </div>
      <div class="plot" role="img" aria-label={describeLoss(points, extent)}>
        <svg viewBox={`0 0 ${PLOT.width} ${PLOT.height}`} preserveAspectRatio="none" aria-hidden="true">
          {plot.losses.map(({ at }) => (
            <line key={at} x1="0" x2={PLOT.width} y1={at * PLOT.height} y2={at * PLOT.height} />
          ))}
          <path class="each" d={plot.path} />
          <path d={plot.trend} />
        </svg>
        {plot.end !== null && (
          <span class="tip" style={{ left: `${plot.end.x * 100}%`, top: `${plot.end.y * 100}%` }} />
        )}
        {plot.losses.map(({ at, text }) => (
          <span key={at} class="tick" style={{ top: `${at * 100}%` }} aria-hidden="true">
            {text}
          </span>
        ))}
        {plot.epochs.map(({ at, text }) => (
          <span key={at} class="tick below" style={{ left: `${at * 100}%` }} aria-hidden="true">
            {text}
          </span>
        ))}
      </div>
      <p class="small axis" aria-hidden="true">
        epoch
      </p>
    </section>
  );
}
