/** @file The reader's labels: changed by all views, kept at every change, and what they say about all other pictures. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Engine } from "../engine/engine.js";
import { Labelling } from "../engine/labelling.js";
import { Predictor, type Predictions } from "../engine/predict.js";
import { LabelStorage } from "./labelStorage.js";

export interface Labels {
  /** Changed in place, by `change` only. */
  readonly labelling: Labelling;
  /** Of an earlier state for a moment after each change; null: not computed yet. */
  readonly predictions: Predictions | null;
  /** The class that clicked pictures become examples of; null: there is none. */
  readonly active: string | null;
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
  const storage = useMemo(() => new LabelStorage(engine), [engine]);
  const labelling = useMemo(() => {
    try {
      return storage.load();
    } catch (error) {
      fail(error);
      return new Labelling(engine.ids.length);
    }
  }, [storage]);
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
      storage.keep(labelling);
    } catch (error) {
      fail(error);
    }
  };
  return {
    labelling,
    predictions,
    active: chosen !== null && labelling.classes.includes(chosen) ? chosen : (labelling.classes[0] ?? null),
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
      after();
      return true;
    },
    undo() {
      if (labelling.undo()) after();
    },
    redo() {
      if (labelling.redo()) after();
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
