/** @file One picture of the collection: its thumbnail, or the larger one over it as soon as that is here. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useShared } from "./shared.js";

interface PictureProps {
  readonly row: number;
  /** Whether the larger picture is worth its bytes here. */
  readonly large?: boolean;
  /** What a screen reader says; without it the picture is decoration of a text beside it. */
  readonly alt?: string;
}

export function Picture({ row, large = false, alt }: PictureProps) {
  const { sprites } = useShared();
  const url = large ? sprites.pictureUrl(row) : null;
  const [shown, setShown] = useState<string | null>(null);
  const described = alt === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": alt };
  return (
    <span class="picture" {...described}>
      <Thumbnail row={row} />
      {url !== null && (
        <img
          key={url}
          src={url}
          alt=""
          class={shown === url ? "shown" : ""}
          decoding="async"
          onLoad={() => setShown(url)}
        />
      )}
    </span>
  );
}

/** Keeps the last thumbnail until the next one is here: no flicker while neighbours change. */
function Thumbnail({ row }: { readonly row: number }) {
  const { sprites } = useShared();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let wanted = true;
    const element = canvas.current!;
    // A sheet that does not come leaves the place empty: its name and likeness are still there to read.
    sprites
      .draw(row, element, () => wanted)
      .then(
        () => wanted && (element.dataset["row"] = String(row)),
        () => wanted && element.getContext("2d")?.clearRect(0, 0, element.width, element.height),
      );
    return () => {
      wanted = false;
    };
  }, [sprites, row]);
  return <canvas ref={canvas} width={sprites.tile} height={sprites.tile} />;
}
