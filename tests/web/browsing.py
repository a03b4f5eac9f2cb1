"""The page as a person meets it."""

import base64
from pathlib import Path
from typing import Any

from tests.browser import SOON_S, troubles_of

# In the page and in the player's frame: what their policies keep from happening is an error, too.
_TELL_POLICY = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
_DROP = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
      transfer.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name));
    }
    for (const kind of ["dragenter", "dragover", "drop"]) {
      const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
      document.getElementById("desk").dispatchEvent(new DragEvent(kind, options));
    }
}"""


class Tab:
    """The page in a window of its own, or beside another; and all that goes wrong in it."""

    def __init__(
        self, browser: Any, address: str, *, beside: "Tab | None" = None, by_link: bool = False, **options: Any
    ):
        view = {"viewport": {"width": 1180, "height": 860}, "color_scheme": "light"}
        self.context = browser.new_context(**view | options) if beside is None else beside.context
        self.page = self.context.new_page()
        self.troubles = troubles_of(self.page)
        self.page.add_init_script(_TELL_POLICY)
        if by_link:
            self.page.goto(f"data:text/html,<a href='{address}'>a link from elsewhere</a>")
            self.page.get_by_role("link").click()
        else:
            self.page.goto(address, wait_until="commit")  # the next line waits for what matters
        limits = self.page.locator("#limits:not(:empty)")
        limits.wait_for(state="attached", timeout=3000 * SOON_S)  # hidden where a player is open

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Files, dragged in from elsewhere."""
        self.page.evaluate(_DROP, [(name, base64.b64encode(content).decode()) for name, content in files])

    def row(self, name: str) -> Any:
        """The row of a recording."""
        heading = self.page.get_by_role("heading", name=name, exact=True)
        return self.page.get_by_role("listitem").filter(has=heading)

    def wait(self, name: str, state: str, timeout_s: float = SOON_S) -> Any:
        """The row of a recording as soon as the server has it, and in this state."""
        row = self.row(name).and_(self.page.locator(f"#jobs [data-state={state}]"))
        row.wait_for(timeout=1000 * timeout_s)
        return row

    def facts(self, name: str) -> str:
        """What the row of a recording says about it."""
        text: str = self.row(name).locator(".facts").inner_text()
        return text

    def names(self) -> list[str]:
        """The names of all recordings, as they stand in the list."""
        names: list[str] = self.page.locator("#jobs .name").all_inner_texts()
        return names

    def click(self, name: str, what: str) -> None:
        """A control in the row of a recording."""
        self.row(name).last.get_by_label(f"{what}: {name}").click()  # uploads stand before jobs

    def answer(self, what: str) -> None:
        """The question whether to delete."""
        self.page.get_by_role("dialog").get_by_role("button", name=what).click()

    def open(self, name: str) -> Any:
        """The player of a recording, with everything in it."""
        self.click(name, "Open")
        return self.player()

    def player(self) -> Any:
        """The player that is open."""
        frame = self.page.frame_locator("#player iframe")
        frame.locator("html[data-ready]").wait_for()
        return frame

    def download(self, control: Any) -> tuple[str, bytes]:
        """What one gets by a click: name and content."""
        with self.page.expect_download() as waiting:
            control.click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()
