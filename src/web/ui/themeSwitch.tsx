/** @file Light, dark, or as the system is: the reader's choice is kept. */

import { useEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "onnx-instdisc theme";

const kept = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";

export function ThemeSwitch() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(KEY, theme);
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
