# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium for tests that look at a page."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

import pytest

if t.TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM = pathlib.Path("/usr/bin/chromium")
CHROMEDRIVER = pathlib.Path("/usr/bin/chromedriver")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
PHONE = (360, 740)


@contextlib.contextmanager
def running_chromium() -> t.Iterator[Chrome]:
    """A browser for as long as the block lasts; skips the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    for program in (CHROMIUM, CHROMEDRIVER):
        if not program.exists():
            pytest.skip(f"{program} is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ARGUMENTS:
        options.add_argument(argument)
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(CHROMEDRIVER)))
    try:
        yield running
    finally:
        running.quit()


class Window:
    """The browser's window and what is in it."""

    def __init__(self, driver: Chrome, folder: pathlib.Path) -> None:
        """:param folder: for the files that are shown."""
        self.driver = driver
        self._folder = folder

    def look(self, size: tuple[int, int], *, scheme: str = "light") -> None:
        """Set the window's size in CSS pixels, the colour scheme, and the time zone UTC."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})

    def run(self, script: str, *arguments: t.Any) -> t.Any:
        return self.driver.execute_script(script, *arguments)

    def seen(self, selector: str) -> list[str]:
        """The text of every such element that takes room on the screen."""
        script = """return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())
            .map(e => e.innerText ?? e.textContent)"""
        return t.cast("list[str]", self.run(script, selector))

    def complaints(self) -> list[str]:
        """What the browser's console says, errors and refusals included, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]
