// Light or dark: as the system is, unless the reader chooses. The choice is kept for the next page where that is
// possible: opened from disk, or in a frame without rights, a page may have no storage, and looking for it throws.

const THEME_KEY = "pianotrans-theme";

function storedTheme() {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

function storeTheme(theme) {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // It lasts as long as the page, then.
  }
}

class ThemeSwitch {
  constructor(select, onChange) {
    Object.assign(this, { select, onChange });
    this.system = matchMedia("(prefers-color-scheme: dark)");
    const stored = storedTheme();
    select.value = ["light", "dark"].includes(stored) ? stored : "system";
    select.addEventListener("change", () => {
      storeTheme(select.value);
      this.apply();
    });
    this.system.addEventListener("change", () => this.apply());
    this.apply();
  }

  apply() {
    const systems = this.system.matches ? "dark" : "light";
    document.documentElement.dataset.theme = this.select.value === "system" ? systems : this.select.value;
    this.onChange();
  }
}
