/** @file Ways to bring a picture other than dropping it: a file, and the camera where there is one in the hand. */

import type { TargetedEvent } from "preact";
import { useRef } from "preact/hooks";
import { go } from "./route.js";
import { useShared, type Shared } from "./shared.js";

/** Searches for a picture that the reader brought. */
export function searchFile(file: File, { dropped }: Pick<Shared, "dropped">): void {
  go({ view: "search", query: { dropped: dropped.add(file) } });
}

export function ChoosePicture() {
  return (
    <p class="actions">
      <FileButton text="Choose a picture" primary />
      <FileButton text="Take a photo" camera />
    </p>
  );
}

interface FileButtonProps {
  readonly text: string;
  readonly primary?: boolean;
  readonly camera?: boolean;
}

export function FileButton({ text, primary = false, camera = false }: FileButtonProps) {
  const shared = useShared();
  const input = useRef<HTMLInputElement>(null);
  const chosen = ({ currentTarget }: TargetedEvent<HTMLInputElement>): void => {
    const [file] = currentTarget.files ?? [];
    if (file) searchFile(file, shared);
    currentTarget.value = ""; // the same file may be chosen again
  };
  return (
    <>
      <button
        type="button"
        class={`${primary ? "primary" : ""}${camera ? " camera" : ""}`}
        onClick={() => input.current!.click()}
      >
        {text}
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={text}
        {...(camera ? { capture: "environment" as const } : {})}
        onChange={chosen}
      />
    </>
  );
}
