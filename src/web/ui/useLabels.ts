/** @file The reader's labels: changed by all views, kept at every change, and what they say about all other pictures. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Engine } from "../engine/engine.js";
import { Labelling } from "../engine/labelling.js";
import { Predictor, type Predictions } from "../engine/predict.js";
import { keepLabels, loadLabels } from "./labelStorage.js";

export interface Labels {
  /** Changed in place, by `change` only. */
  readonly labelling: Labelling;
  /** Of an earlier state for a moment after each change; null: not computed yet. */
  readonly predictions: Predictions | null;
  /** The class that clicked pictures become examples of; null: there is none. */
  readonly active: string | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Predictions at least this probable count as sure, in [0, 1]. */
  readonly sureFrom: number;
  setSureFrom(probability: number): void;
  /** Of the labels as they are now. */
  predict(): Promise<Predictions>;
  setActive(name: string): void;
  /** Does one change and keeps its result. @returns whether it was allowed */
  change(what: (labelling: Labelling) => void): boolean;
  undo(): void;
  redo(): void;
}

const DEFAULT_SURE_FROM = 0.9;

export function useLabels(engine: Engine, fail: (error: unknown) => void): Labels {
  const labelling = useMemo(() => {
    try {
      return loadLabels(engine);
    } catch (error) {
      fail(error);
      return new Labelling(engine.ids.length);
    }
  }, [engine]);
  /** Changes made on this page: what was loaded is not taken back. */
  const steps = useRef(0);
  const [version, setVersion] = useState(0);
  const [chosen, setActive] = useState<string | null>(null);
  const [sureFrom, setSureFrom] = useState(DEFAULT_SURE_FROM);
  const predictor = useMemo(
    () => new Predictor((row) => engine.similarities(row), engine.collection.vote),
    [engine],
  );
  const predictions = usePredictions(predictor, labelling, version, fail);
  const after = (): void => {
    setVersion((before) => before + 1);
    try {
      keepLabels(engine, labelling);
    } catch (error) {
      fail(error);
    }
  };
  return {
    labelling,
    predictions,
    active: chosen !== null && labelling.classes.includes(chosen) ? chosen : (labelling.classes[0] ?? null),
    canUndo: steps.current > 0,
    canRedo: labelling.canRedo,
    sureFrom,
    setSureFrom,
    predict: () => predictor.predict(labelling),
    setActive,
    change(what) {
      const { classes, examples } = labelling;
      try {
        what(labelling);
      } catch (error) {
        fail(error);
        return false;
      }
      if (labelling.classes === classes && labelling.examples === examples) return true;
      steps.current++;
      after();
      return true;
    },
    undo() {
      if (steps.current === 0 || !labelling.undo()) return;
      steps.current--;
      after();
    },
    redo() {
      if (!labelling.redo()) return;
      steps.current++;
      after();
    },
  };
}

/** Only the newest state's come through, however fast the changes follow one another. */
function usePredictions(
  predictor: Predictor,
  labelling: Labelling,
  version: number,
  fail: (error: unknown) => void,
): Predictions | null {
  const [predictions, setPredictions] = useState<Predictions | null>(null);
  useEffect(() => {
    let wanted = true;
    predictor.predict(labelling).then((found) => wanted && setPredictions(found), fail);
    return () => {
      wanted = false;
    };
  }, [predictor, version]);
  return predictions;
}
