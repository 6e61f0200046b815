/** @file The whole page takes files: dropped on it, or pasted. */

import { useEffect, useRef, useState } from "preact/hooks";

interface DropTargetProps {
  /** What a drop is good for, shown while files are held over the page. */
  readonly text: string;
  onDrop(data: DataTransfer): void;
  /** Files only: pasting text into a field is nobody's picture. */
  onPaste?(data: DataTransfer): void;
}

export function DropTarget(props: DropTargetProps) {
  const latest = useRef(props);
  latest.current = props;
  const [over, setOver] = useState(false);
  useEffect(() => {
    const dragOver = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent): void => {
      if (relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer) latest.current.onDrop(event.dataTransfer);
    };
    const paste = ({ clipboardData }: ClipboardEvent): void => {
      if (clipboardData && clipboardData.files.length > 0) latest.current.onPaste?.(clipboardData);
    };
    const listeners = { dragover: dragOver, dragleave: leave, drop, paste };
    for (const [kind, listener] of Object.entries(listeners))
      addEventListener(kind, listener as EventListener);
    return () => {
      for (const [kind, listener] of Object.entries(listeners))
        removeEventListener(kind, listener as EventListener);
    };
  }, []);
  return (
    <div class={over ? "drop-here over" : "drop-here"} aria-hidden="true">
      {props.text}
    </div>
  );
}
