// Tabs: a click or the arrow keys choose one, and its panel is shown.

export class Tabs {
  constructor(list, onChoose) {
    this.tabs = [...list.querySelectorAll('[role="tab"]')];
    this.onChoose = onChoose;
    list.addEventListener("click", (event) => {
      const tab = event.target.closest('[role="tab"]');
      if (tab) this.choose(tab);
    });
    list.addEventListener("keydown", (event) => this.onKey(event));
  }

  choose(chosen) {
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    this.onChoose(chosen);
  }

  onKey(event) {
    const { length } = this.tabs;
    const at = this.tabs.indexOf(event.target);
    const places = { ArrowRight: (at + 1) % length, ArrowLeft: (at - 1 + length) % length, Home: 0, End: length - 1 };
    const tab = this.tabs[places[event.key]];
    if (!tab) return;
    event.preventDefault();
    tab.focus();
    this.choose(tab);
  }
}
