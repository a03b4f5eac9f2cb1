"""Modules joined to one script: order, forms of import and export, and that no two names collide."""

import re
from collections import Counter

import pytest

from pianotrans.views.bundling import join_modules
from pianotrans.views.report import report_script

MODULES = {
    "page.js": 'import { b } from "./other/b.js";\nimport {\n  a,\n} from "./shared/a.js";\n\nb(a);\n',
    "shared/a.js": "export const a = 1;\n",
    "other/b.js": 'import { a } from "../shared/a.js";\n\nexport function b() { return a; }\nexport class C {}\n',
}


def test_every_module_stands_once_and_after_what_it_needs():
    read: list[str] = []

    def text(path: str) -> str:
        read.append(path)
        return MODULES[path]

    expected = "const a = 1;\n\n\nfunction b() { return a; }\nclass C {}\n\n\nb(a);\n"
    assert join_modules("page.js", text) == expected
    assert sorted(read) == sorted(MODULES)


def test_modules_may_import_each_other():
    modules = {"a.js": 'import { b } from "./b.js";\na\n', "b.js": 'import { a } from "./a.js";\nb\n'}
    assert join_modules("a.js", modules.__getitem__).split() == ["b", "a"]


@pytest.mark.parametrize(
    "line",
    [
        'import * as b from "./b.js";',
        'import "./b.js";',
        'import { b } from "https://example.org/b.js";',
        "export default 1;",
        'export * from "./b.js";',
    ],
)
def test_other_forms_are_refused(line: str):
    with pytest.raises(ValueError, match=re.escape(line)):
        join_modules("a.js", {"a.js": f"{line}\n", "b.js": ""}.__getitem__)


def test_no_two_modules_of_the_report_declare_the_same_name():
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", report_script(), re.MULTILINE)
    assert len(names) > 50
    assert [name for name, n in Counter(names).items() if n > 1] == []
