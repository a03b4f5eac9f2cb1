// What the page says, in the language of its reader. The texts lie in `texts/en.json` and its like, one file for each
// language, by section and name; the page carries them all. English is what the HTML says before a script runs.

import { recall, remember } from "./memory.js";

const LANGUAGES = JSON.parse(document.getElementById("texts").textContent); // by code
const ATTRIBUTES = { text: null, label: "aria-label", hint: "title" }; // data-text, data-label, data-hint

const reader = { language: "en", rules: new Intl.PluralRules("en") };

// The text `section.name`, with its `{values}` filled in. One with several forms takes that for the number `n`.
export function t(name, values = {}) {
  const text = lookUp(reader.language, name) ?? lookUp("en", name);
  if (text === undefined) throw new Error(`no text ${name}`);
  const form = typeof text === "string" ? text : text[reader.rules.select(values.n)] ?? text.other;
  return form.replace(/\{(\w+)\}/g, (_, value) => shownValue(values[value]));
}

const lookUp = (language, name) => name.split(".").reduce((texts, part) => texts?.[part], LANGUAGES[language]);

const shownValue = (value) => (typeof value === "number" ? value.toLocaleString(reader.language) : `${value}`);

// Puts the texts into the elements below `root` that name one: as their text, label or hint.
export function translate(root = document) {
  for (const [kind, attribute] of Object.entries(ATTRIBUTES)) {
    for (const element of root.querySelectorAll(`[data-${kind}]`)) {
      const text = t(element.dataset[kind]);
      if (attribute) element.setAttribute(attribute, text);
      else element.textContent = text;
    }
  }
}

// Tells the window (`languagechange`), so that what was written by script is written again.
export function speak(language) {
  reader.language = language;
  reader.rules = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  translate();
  dispatchEvent(new Event("languagechange"));
}

export const languages = () => Object.entries(LANGUAGES).map(([code, texts]) => [code, texts.language]);
export const spoken = () => reader.language;

// The reader's choice, else the first language of the browser that there is. The page around a frame says it in the address.
function preferred() {
  const asked = [new URLSearchParams(location.hash.slice(1)).get("language"), recall("language"), ...navigator.languages];
  return asked.map((tag) => tag?.split("-")[0]).find((code) => code in LANGUAGES) ?? "en";
}

// A choice of languages; what is chosen is remembered.
export function offerLanguages(select) {
  select.replaceChildren(...languages().map(([code, name]) => new Option(name, code)));
  const follow = () => {
    if (preferred() !== spoken()) speak(preferred());
    select.value = spoken();
  };
  translate();
  follow();
  addEventListener("hashchange", follow);
  select.addEventListener("change", () => {
    remember("language", select.value);
    speak(select.value);
  });
}
