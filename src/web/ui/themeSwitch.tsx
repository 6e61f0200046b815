/** @file Light, dark, or as the system is: the reader's choice is kept. */

import { useEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "onnx-instdisc theme";

const kept = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";

/** Before anything is drawn: nothing flashes. */
export function showKeptTheme(): void {
  document.documentElement.dataset["theme"] = kept();
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    localStorage.setItem(KEY, theme);
    showKeptTheme();
  }, [theme]);
  return (
    <label class="theme">
      <span class="heard">Colours</span>
      <select value={theme} onChange={({ currentTarget }) => setTheme(currentTarget.value as Theme)}>
        <option value="auto">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
