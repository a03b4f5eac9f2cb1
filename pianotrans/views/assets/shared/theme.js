// Light or dark, as the reader chose, else as the system is. A plain script, not a module, so that it runs before
// anything is painted. Tells the window of every change (`themechange`). In a frame the page around it decides.

(() => {
  const KEY = "pianotrans-theme";
  const isFramed = window !== window.top;

  // A page that was opened from disk, or that is sandboxed, may have no storage. Even a look at it throws.
  const stored = () => {
    try {
      return isFramed ? null : localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };

  const store = (theme) => {
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // The choice lasts as long as the page.
    }
  };

  const tell = () => dispatchEvent(new Event("themechange"));

  const wear = (theme) => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    tell();
  };

  const showChoice = () => {
    const theme = document.documentElement.dataset.theme ?? "system";
    for (const radio of document.querySelectorAll("#themes input")) radio.checked = radio.value === theme;
  };

  wear(stored());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  addEventListener("DOMContentLoaded", () => {
    const themes = document.getElementById("themes");
    themes.hidden = isFramed;
    showChoice();
    themes.addEventListener("change", (event) => {
      wear(event.target.value);
      store(event.target.value);
    });
  });
  addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    wear(stored());
    showChoice();
  });
})();
