/** @file How it learns: two things that matter, and the rest folded away. */

import type { LearnSettings } from "../../learn/learn.js";
import { counted } from "../text.js";

const EPOCHS = [5, 10, 30, 60, 100, 200];
const WIDTHS: readonly (readonly [width: number, name: string])[] = [
  [8, "8 channels: fast"],
  [16, "16 channels: sees more, slower"],
];
const SIZES = [32, 64];
const OBJECTIVES = {
  auto: "by the number of pictures",
  softmax: "softmax over all pictures",
  nce: "noise-contrastive estimation",
} as const;
const RUNTIMES = { auto: "the fastest there is", webgpu: "WebGPU", wasm: "WebAssembly" } as const;

interface LearnSettingsProps {
  readonly settings: LearnSettings;
  /** Epochs for so many pictures. */
  readonly suggested: number;
  onChange(settings: LearnSettings): void;
}

export function LearnSettingsForm({ settings, suggested, onChange }: LearnSettingsProps) {
  const set = (part: Partial<LearnSettings>): void => onChange({ ...settings, ...part });
  return (
    <div class="settings">
      <Choice
        name="Epochs"
        value={settings.epochs}
        options={[...new Set([...EPOCHS, suggested])]
          .sort((a, b) => a - b)
          .map((epochs) => [
            epochs,
            `${counted(epochs, "epoch")}${epochs === suggested ? " (suggested)" : ""}`,
          ])}
        onChange={(epochs) => set({ epochs })}
      />
      <Choice name="Width" value={settings.width} options={WIDTHS} onChange={(width) => set({ width })} />
      <details>
        <summary>More</summary>
        <div class="settings">
          <Choice
            name="Pictures are seen at"
            value={settings.imageSize}
            options={SIZES.map((size) => [size, `${size} × ${size} pixels`])}
            onChange={(imageSize) => set({ imageSize })}
          />
          <Choice
            name="Objective"
            value={settings.objective}
            options={entriesOf(OBJECTIVES)}
            onChange={(objective) => set({ objective })}
          />
          <Choice
            name="Runtime"
            value={settings.runtime}
            options={entriesOf(RUNTIMES)}
            onChange={(runtime) => set({ runtime })}
          />
          <label>
            <span class="small">Seed</span>
            <input
              type="number"
              min={0}
              step={1}
              value={settings.seed}
              onChange={({ currentTarget }) => {
                if (currentTarget.validity.valid) set({ seed: currentTarget.valueAsNumber });
                currentTarget.value = String(settings.seed);
              }}
            />
          </label>
        </div>
      </details>
    </div>
  );
}

function entriesOf<K extends string>(names: Readonly<Record<K, string>>): (readonly [K, string])[] {
  return Object.entries(names) as [K, string][];
}

interface ChoiceProps<V extends string | number> {
  readonly name: string;
  readonly value: V;
  readonly options: readonly (readonly [value: V, text: string])[];
  onChange(value: V): void;
}

export function Choice<V extends string | number>({ name, value, options, onChange }: ChoiceProps<V>) {
  return (
    <label>
      <span class="small">{name}</span>
      <select
        value={String(value)}
        onChange={({ currentTarget }) => onChange(options[currentTarget.selectedIndex]![0])}
      >
        {options.map(([one, text]) => (
          <option key={one} value={String(one)}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
