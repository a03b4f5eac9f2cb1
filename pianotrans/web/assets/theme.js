// Light or dark as the reader chose, before anything is painted; without a choice as the system has it.

(() => {
  const KEY = "theme";

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  };

  const wear = (theme) => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };

  const choose = (theme) => {
    wear(theme);
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // see above
    }
  };

  const showChoice = () => {
    const theme = document.documentElement.dataset.theme ?? "system";
    for (const radio of document.querySelectorAll("input[name=theme]")) radio.checked = radio.value === theme;
  };

  wear(stored());
  addEventListener("DOMContentLoaded", () => {
    showChoice();
    document.getElementById("themes").addEventListener("change", (event) => choose(event.target.value));
  });
  addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    wear(stored());
    showChoice();
  });
})();
