//! What a person finds in the page.

use libtest_mimic::Failed;
use serde_json::{Value as Json, json};

use crate::run::{Run, must};
use crate::webdriver::{Browser, ENTER, ESCAPE, RIGHT};

/// Scenarios that hold and that fail, with names that mean harm.
const BOTH: &[&str] = &["failing.yaml", "reports"];
/// The largest page that the built-in suite may make.
const MAX_BYTES: usize = 1_500_000;

const LINKS: &str = "document.querySelectorAll('#cases dd a').length";

fn is(browser: &Browser, expression: &str, wanted: &Json) -> Result<(), Failed> {
    let seen = browser.value(expression)?;
    must(seen == *wanted, || format!("{expression} is {seen}, not {wanted}"))
}

pub(crate) fn the_whole_suite_is_small() -> Result<(), Failed> {
    let run = Run::of(&[], &["html", "json"]);
    let size = run.text("html").len();
    must(size < MAX_BYTES, || format!("{size} bytes"))?;
    let cases = run.json()["cases"].as_array().map_or(0, Vec::len);
    let browser = Browser::open(&run.file("html"))?;
    is(&browser, LINKS, &json!(cases))?;
    is(&browser, "performance.getEntriesByType('resource').length", &json!(0))
}

pub(crate) fn cases_are_filtered() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    is(&browser, LINKS, &json!(6))?;
    browser.type_into("#text", "policy= !unset")?;
    is(&browser, LINKS, &json!(1))?;
    browser.click("button[type=reset]")?;
    browser.wait_until(&format!("{LINKS} === 6"))?;
    browser.click("#verdicts button[data-verdict=held]")?;
    is(
        &browser,
        "[...document.querySelectorAll('#cases dd a')].every((a) => a.className === 'failed')",
        &json!(true),
    )?;
    browser.click("button[type=reset]")?;
    browser.wait_until(&format!("{LINKS} === 6"))?;
    browser.click("#cases a")?;
    browser.wait_until("!document.getElementById('case').hidden")?;
    let run = Run::of(&["--filter=tour/", "--filter=faults/"], &["html"]);
    browser.go(&format!("file://{}", run.file("html").display()))?;
    let all = browser.value(LINKS)?;
    browser.type_into("#area", "faults")?;
    let shown = browser.value(LINKS)?;
    let areas = "document.querySelectorAll('#cases details').length";
    is(&browser, areas, &json!(1))?;
    must(shown != all, || format!("{shown} of {all} are shown"))
}

pub(crate) fn a_case_opens_and_closes() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    browser.click("#cases a[href$='policy%3Dunset']")?;
    browser.wait_until("!document.getElementById('case').hidden")?;
    is(&browser, "location.hash", &json!("#case=failing%2Fpolicy%3Dunset"))?;
    // The difference, the picture, the transcript, the command.
    let text = browser.value("document.getElementById('case').innerText")?.to_string();
    for words in ["Created web", "CRI RunPodSandbox web", "--filter '=failing/policy=unset'"] {
        must(text.contains(words), || format!("{words:?} is missing in {text}"))?;
    }
    let marks =
        "[...document.querySelectorAll('.difference mark')].map((mark) => mark.textContent)";
    let marks = browser.value(marks)?.to_string();
    must(marks == "[\"50000\",\"50000\",\"50000\"]", || marks.clone())?;
    let implicit =
        "[...document.querySelectorAll('svg g.implicit text')].map((t) => t.textContent)";
    let implicit = browser.value(implicit)?.to_string();
    for words in ["✱ group 50000 group-defined-in-image", "✱ /etc/group line"] {
        must(implicit.contains(words), || format!("{words:?} is missing in {implicit}"))?;
    }
    browser.press(ESCAPE)?;
    browser.wait_until("document.getElementById('case').hidden")?;
    is(
        &browser,
        "document.activeElement.getAttribute('href')",
        &json!("#case=failing%2Fpolicy%3Dunset"),
    )?;
    let url = format!("file://{}#case=failing%2Fpolicy%3DStrict", run.file("html").display());
    browser.go(&url)?;
    browser
        .wait_until("document.querySelector('#case h2')?.textContent === '✓ failing/policy=Strict'")
}

pub(crate) fn the_matrix_is_used_with_keys_alone() -> Result<(), Failed> {
    let run = Run::of(&["../../../scenarios/versions"], &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    let all = browser.value(LINKS)?;
    browser.value("document.querySelector('#matrix button[tabindex=\"0\"]').focus()")?;
    let at = "document.activeElement.dataset.spot";
    let first = browser.value(at)?;
    browser.press(RIGHT)?;
    let second = browser.value(at)?;
    must(first != second && second.is_string(), || format!("{first} and then {second}"))?;
    browser.press(ENTER)?;
    let fewer = browser.value(LINKS)?;
    let count = browser.value("parseInt(document.activeElement.textContent, 10)")?;
    must(fewer == count && fewer != all, || {
        format!("{fewer} of {all}, and the cell says {count}")
    })?;
    browser.press(ENTER)?;
    is(&browser, LINKS, &all)
}

pub(crate) fn names_from_scenarios_are_never_markup() -> Result<(), Failed> {
    let run = Run::of(&["reports"], &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    is(&browser, "document.querySelectorAll('img, script').length", &json!(2))?;
    for index in 0..4 {
        let link = format!("document.querySelectorAll('#cases dd a')[{index}]");
        browser.value(&format!("{link}.click()"))?;
        browser.wait_until("!document.getElementById('case').hidden")?;
        is(&browser, "document.querySelectorAll('img, script').length", &json!(2))?;
        is(&browser, "/[\\u0007\\u001b\\u202e]/.test(document.body.innerText)", &json!(false))?;
        let opened = browser.value(&format!("{link}.getAttribute('href') === location.hash"))?;
        must(opened == true, || format!("case {index} has no link of its own"))?;
    }
    let title = browser.value("document.title")?.to_string();
    must(title != "\"injected\"", || title)
}

pub(crate) fn the_page_is_dark_where_preferred() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    let ground = "getComputedStyle(document.body).backgroundColor";
    browser.prefer("light")?;
    let light = browser.value(ground)?;
    browser.prefer("dark")?;
    let dark = browser.value(ground)?;
    must(light != dark, || format!("{light} both times"))
}

/// Ink is for words: on paper the ground is white, whatever the screen prefers.
pub(crate) fn paper_is_white_and_shows_every_case() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    browser.prefer("dark")?;
    browser.print()?;
    let ground = "getComputedStyle(document.body).backgroundColor";
    is(&browser, ground, &json!("rgb(255, 255, 255)"))?;
    is(&browser, "getComputedStyle(document.getElementById('filters')).display", &json!("none"))?;
    is(&browser, "document.querySelectorAll('details:not([open])').length", &json!(0))
}

pub(crate) fn a_narrow_screen_shows_all() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["html"]);
    let browser = Browser::open(&run.file("html"))?;
    browser.resize(360, 700)?;
    let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    is(&browser, overflow, &json!(0))?;
    browser.click("#cases a[href$='policy%3Dunset']")?;
    browser.wait_until("!document.getElementById('case').hidden")?;
    let aside =
        "document.getElementById('case').scrollWidth - document.getElementById('case').clientWidth";
    is(&browser, aside, &json!(0))?;
    is(&browser, overflow, &json!(0))
}
