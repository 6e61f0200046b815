/** @file Before learning: which pictures, and how. */

import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { DataError } from "../../../errors.js";
import type { LearnSettings } from "../../learn/learn.js";
import { DEFAULT_SETTINGS, suggestedEpochs } from "../../learn/learn.js";
import { DropTarget } from "../dropTarget.js";
import { useShared } from "../shared.js";
import { counted } from "../text.js";
import { collectionFiles, triedPictures } from "./collectionFiles.js";
import { chosenFiles, droppedFiles } from "./givenFiles.js";
import { LearnSettingsForm } from "./learnSettings.js";
import type { Given } from "./sortOut.js";
import { StoredRunPanel } from "./storedRun.js";
import { useLearner } from "./useLearning.js";

export function LearnStart() {
  const { announce, fail, runtime } = useShared();
  const learner = useLearner();
  const [given, setGiven] = useState<Given | null>(null);
  const [looking, setLooking] = useState<string | null>(null);
  const [settings, setSettings] = useState<LearnSettings>({ ...DEFAULT_SETTINGS, runtime });
  const ready = useRef<HTMLHeadingElement>(null);
  useEffect(() => ready.current?.focus(), [given]);
  const take = async (files: Promise<Given>): Promise<void> => {
    try {
      const found = await files;
      if (found.pictures.length === 0) throw noPicture(found);
      setGiven(found);
      setSettings((before) => ({ ...before, epochs: suggestedEpochs(found.pictures.length) }));
      announce(`${counted(found.pictures.length, "picture")} found`);
    } catch (error) {
      fail(error);
    } finally {
      setLooking(null);
    }
  };
  const tell = (found: number): void => setLooking(`${counted(found, "file")} found …`);
  return (
    <>
      <section class="drop" aria-labelledby="learn-title">
        {given === null ? (
          <ChooseFiles looking={looking} tell={tell} onGiven={(files) => void take(files)} />
        ) : (
          <>
            <h2 id="learn-title" ref={ready} tabIndex={-1}>
              {counted(given.pictures.length, "picture")}
              {given.name !== null && ` of ${given.name}`}
            </h2>
            <p>
              {given.others > 0 && `${counted(given.others, "other file")} left out. `}
              They never leave this machine. How long it takes is told once the first steps were timed.
            </p>
            <LearnSettingsForm
              settings={settings}
              suggested={suggestedEpochs(given.pictures.length)}
              onChange={setSettings}
            />
            <p class="actions">
              <button
                type="button"
                class="primary"
                onClick={() => {
                  learner.start(given.pictures, settings);
                  announce("Learning begins");
                }}
              >
                Start learning
              </button>
              <button type="button" onClick={() => setGiven(null)}>
                Other pictures
              </button>
            </p>
          </>
        )}
      </section>
      {/* Below: it comes when the browser has looked for it, and must not push the rest away. */}
      {given === null && <StoredRunPanel />}
      <DropTarget text="Drop a folder anywhere" onDrop={(data) => void take(droppedFiles(data, tell))} />
    </>
  );
}

function noPicture({ name, others }: Given): DataError {
  const found = others === 0 ? "no file" : `${counted(others, "file")} and no picture among them`;
  return new DataError(
    `${name ?? "learn"}: found ${found}, expected pictures; give a folder with JPEG, PNG or WebP files`,
  );
}

interface ChooseFilesProps {
  /** What is being looked through; null: nothing. */
  readonly looking: string | null;
  tell(found: number): void;
  onGiven(files: Promise<Given>): void;
}

function ChooseFiles({ looking, tell, onGiven }: ChooseFilesProps) {
  const { engine, sprites } = useShared();
  return (
    <>
      <h2 id="learn-title">Learn from your own pictures</h2>
      <p>
        Drop a folder anywhere on this page. No labels are needed: pictures are told apart, and so the alike
        ones come together.
      </p>
      <p class="actions">
        <FilesButton text="Choose a folder" folder onGiven={onGiven} />
        <FilesButton text="Choose pictures" onGiven={onGiven} />
        <button type="button" onClick={() => onGiven(collectionFiles(engine, sprites, tell))}>
          Try {counted(triedPictures(engine), "picture")} of this collection
        </button>
      </p>
      <p class="small">
        {looking ??
          "Nothing is uploaded: a network learns here, in this tab. It takes minutes; a few hundred pictures are enough to try."}
      </p>
    </>
  );
}

interface FilesButtonProps {
  readonly text: string;
  readonly folder?: boolean;
  onGiven(files: Promise<Given>): void;
}

function FilesButton({ text, folder = false, onGiven }: FilesButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const chosen = ({ currentTarget }: TargetedEvent<HTMLInputElement>): void => {
    const files = currentTarget.files;
    if (files && files.length > 0) onGiven(Promise.resolve(chosenFiles(files)));
    currentTarget.value = ""; // the same folder may be chosen again
  };
  return (
    <>
      <button type="button" class={folder ? "primary" : ""} onClick={() => input.current!.click()}>
        {text}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={text}
        {...(folder ? { webkitdirectory: true } : { accept: "image/*" })}
        onChange={chosen}
      />
    </>
  );
}
