"""The report as a browser sees it: silent, off line, drawn, and at home on any screen."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_plan import PROOFS, SETTINGS, made_market, made_plan

from libmatch.report import write_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    market = made_market()
    write_report(market, made_plan(market), PROOFS, SETTINGS, path, "fr")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if BROWSER is None or DRIVER is None:
        missing = "chromium" if BROWSER is None else "chromium-driver"
        with warnings.catch_warnings():
            # warnings are errors elsewhere; this one is to be read in the summary of the tests
            warnings.simplefilter("always")
            warnings.warn(
                f"the report was not opened in a browser: install {missing}", stacklevel=1
            )
        pytest.skip(f"{missing} is not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    profile = tmp_path_factory.mktemp("profile")
    for argument in (
        "--headless=new",
        "--no-sandbox",  # containers seldom allow one
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def opened(browser: Any, address: str, width: int = 1280) -> tuple[list[str], list[str]]:
    """Opens a page; its console entries, and the addresses that it asked for."""
    browser.set_window_size(width, 900)
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(address)
    # wait until what the page asks for after loading has been asked for
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 300))")
    console = [entry["message"] for entry in browser.get_log("browser")]
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return console, asked


def test_nothing_in_the_console_and_nothing_from_the_network(browser: Any, page: str) -> None:
    console, asked = opened(browser, page)
    assert not console
    assert page in asked
    assert {address for address in asked if address != page and address[:5] != "data:"} == set()


@pytest.mark.parametrize(
    "fault",
    [
        "<script>console.warn('x')</script>",
        "<script>throw 1</script>",
        "<img src='http://localhost:9/x.png'>",
    ],
)
def test_a_fault_is_seen(browser: Any, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "x.html"
    path.write_text(f"<!DOCTYPE html><title>x</title><link rel=icon href='data:,'>{fault}")
    console, asked = opened(browser, path.as_uri())
    assert console or any(address.startswith("http") for address in asked)


def test_every_drawing_is_drawn(browser: Any, page: str) -> None:
    opened(browser, page)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('figure svg')].map(svg => {"
        " const box = svg.getBoundingClientRect(), ink = svg.getBBox();"
        " return [box.width, box.height, ink.width, ink.height,"
        "  svg.querySelectorAll('path, circle').length]; })"
    )
    assert len(boxes) == 4
    for width, height, ink_width, ink_height, marks in boxes:
        assert width > 400
        assert height > 200
        assert min(ink_width, ink_height) > 100
        assert marks > 3


def test_marks_tell_their_numbers(browser: Any, page: str) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    opened(browser, page)
    for selector in ("circle.bubble", "path[data-tip]", ".bar [data-tip]"):
        mark = browser.find_element(By.CSS_SELECTOR, selector)
        # scrolling hides the tooltip, so let it end first
        browser.execute_async_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[1])))",
            mark,
        )
        ActionChains(browser).move_to_element(mark).perform()
        tip = browser.find_element(By.ID, "tip")
        assert tip.is_displayed()
        assert any(letter.isdigit() for letter in tip.text)


@pytest.mark.parametrize("width", [1280, 760, 520])
def test_page_fits_the_screen(browser: Any, page: str, width: int) -> None:
    opened(browser, page, width)
    inside, across = browser.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth]"
    )
    assert inside <= across


def test_paper_shows_what_is_folded(browser: Any, page: str) -> None:
    opened(browser, page)
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 50_000
    assert browser.execute_script("return document.querySelector('details').open")
