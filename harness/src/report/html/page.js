"use strict";

const run = JSON.parse(document.getElementById("run").textContent);
const $ = (id) => document.getElementById(id);

/** Every verdict: its mark, and what its cases did. */
const VERDICTS = {
  failed: ["✗", "failed"],
  broken: ["!", "could not be played"],
  deviates: ["≠", "deviate as known"],
  skipped: ["–", "were skipped"],
  held: ["✓", "held"],
};
const BAD = new Set(["failed", "broken"]);

/** Areas with no more cases than this are open from the start. */
const FEW = 12;

/** Characters that steer or turn text around are spelled out. */
const shown = (text) => String(text).replace(
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
  (odd) => `\\u{${odd.codePointAt(0).toString(16)}}`,
);

/** Makes an element; texts are always texts, never markup. */
function make(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "text", "title"].includes(name);
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : shown(child));
  }
  return element;
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const newestFirst = (one, other) => other.localeCompare(one, "en", { numeric: true });
const unique = (values) => [...new Set(values)];

const scenarioOf = (one) => one.id.slice(0, one.id.length - one.label.length).replace(/\/$/, "");
const link = (one) => `#case=${encodeURIComponent(one.id)}`;
const spots = (one) => unique(one.nodes.map((node) => `${node.runtime}\n${node.kubernetes}`));

const state = { verdicts: new Set(Object.keys(VERDICTS)), spot: null, open: null, from: null };

function fits(one, spot = true) {
  const words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = one.search;
  return state.verdicts.has(one.verdict)
    && words.every((word) => word.startsWith("!") && word.length > 1
      ? !text.includes(word.slice(1)) : text.includes(word))
    && (!$("area").value || one.area === $("area").value)
    && (!spot || !state.spot || spots(one).includes(state.spot))
    && (!$("kubernetes").value || one.nodes.some((node) => node.kubernetes === $("kubernetes").value))
    && (!$("runtime").value || one.nodes.some((node) => node.runtime === $("runtime").value));
}

function showAbout() {
  const time = run.virtualTime ? "on virtual time" : "on real time";
  $("about").textContent = shown(`${counted(run.cases.length, "case")} on ${run.target}, ${time}, `
    + `in ${run.seconds.toFixed(2)} s. gidcheck ${run.gidcheck}.`);
  for (const [verdict, [mark, words]] of Object.entries(VERDICTS)) {
    const count = run.cases.filter((one) => one.verdict === verdict).length;
    if (!count) continue;
    const button = make("button", { class: verdict, "aria-pressed": "true", "data-verdict": verdict },
      make("span", { class: "mark", "aria-hidden": "true" }, mark), ` ${count} ${words}`);
    button.onclick = () => {
      if (!state.verdicts.delete(verdict)) state.verdicts.add(verdict);
      update();
    };
    $("verdicts").append(button);
  }
}

function fillSelects() {
  const fill = (id, values) => $(id).append(make("option", { value: "" }, "all"),
    ...values.map((value) => make("option", { value }, value)));
  const nodes = run.cases.flatMap((one) => one.nodes);
  fill("area", unique(run.cases.map((one) => one.area)).filter(Boolean).sort());
  fill("kubernetes", unique(nodes.map((node) => node.kubernetes)).sort(newestFirst));
  fill("runtime", unique(nodes.map((node) => node.runtime)).sort());
}

function showMatrix() {
  const nodes = run.cases.flatMap((one) => one.nodes);
  const versions = unique(nodes.map((node) => node.kubernetes)).sort(newestFirst).reverse();
  const runtimes = unique(nodes.map((node) => node.runtime)).sort();
  const bySpot = new Map();
  for (const one of run.cases.filter((one) => fits(one, false))) {
    for (const spot of spots(one)) bySpot.set(spot, [...(bySpot.get(spot) ?? []), one]);
  }
  const most = Math.max(1, ...[...bySpot.values()].map((cases) => cases.length));
  const cell = (runtime, version) => {
    const spot = `${runtime}\n${version}`;
    const cases = bySpot.get(spot);
    if (!cases) return make("td");
    const bad = cases.filter((one) => BAD.has(one.verdict)).length;
    const label = `${runtime}, Kubernetes ${version}: ${counted(cases.length, "case")}`
      + (bad ? `, ${bad} failed` : "");
    const button = make("button", {
      type: "button", class: bad ? "failed" : null, "aria-label": label, title: label,
      "aria-pressed": String(state.spot === spot), tabindex: "-1",
    }, bad ? `${cases.length} ✗${bad}` : cases.length);
    button.style.setProperty("--share", Math.log(cases.length + 1) / Math.log(most + 1));
    button.dataset.spot = spot;
    button.onclick = () => {
      state.spot = state.spot === spot ? null : spot;
      update();
      document.querySelector(`#matrix button[data-spot="${CSS.escape(spot)}"]`)?.focus();
    };
    return make("td", {}, button);
  };
  $("matrix").replaceChildren(
    make("thead", {}, make("tr", {}, make("th"),
      versions.map((version) => make("th", { scope: "col" }, version)))),
    make("tbody", {}, runtimes.map((runtime) => make("tr", {},
      make("th", { scope: "row" }, runtime), versions.map((version) => cell(runtime, version))))),
  );
  const first = $("matrix").querySelector("button[aria-pressed=true]") ?? $("matrix").querySelector("button");
  first?.setAttribute("tabindex", "0");
}

/** Arrow keys lead from cell to cell, over empty ones. */
function moveInMatrix(event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const from = event.target.closest("td");
  if (!step || !from) return;
  event.preventDefault();
  const rows = [...$("matrix").tBodies[0].rows];
  let row = from.parentElement.sectionRowIndex;
  let column = from.cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    const target = column > 0 ? rows[row]?.cells[column] : null;
    if (!target) return;
    const button = target.querySelector("button");
    if (button) {
      event.target.setAttribute("tabindex", "-1");
      button.setAttribute("tabindex", "0");
      button.focus();
      return;
    }
  }
}

function groups(cases, key) {
  const all = new Map();
  for (const one of cases) {
    const name = key(one);
    if (!all.has(name)) all.set(name, []);
    all.get(name).push(one);
  }
  return all;
}

function showCases() {
  const cases = run.cases.filter((one) => fits(one));
  $("shown").textContent = cases.length === run.cases.length
    ? `${cases.length === 1 ? "The only one is" : `All ${cases.length} are`} shown.` : `${cases.length} of ${run.cases.length} are shown.`;
  const entry = (one, text) => make("a", {
    href: link(one), class: one.verdict, "aria-current": state.open === one ? "true" : null,
  }, make("span", { class: "mark" }, VERDICTS[one.verdict][0]), ` ${text}`);
  const areas = [...groups(cases, (one) => one.area)].map(([area, all]) => {
    const bad = all.filter((one) => BAD.has(one.verdict)).length;
    const open = cases.length <= 5 * FEW || all.length <= FEW || bad > 0 || all.includes(state.open);
    const mark = bad ? "failed" : "held";
    return make("details", { open }, make("summary", { class: mark },
      make("span", { class: "mark", "aria-hidden": "true" }, VERDICTS[mark][0]),
      ` ${area || "scenarios"} `,
      make("span", { class: "counts" }, counted(all.length, "case") + (bad ? `, ${bad} failed` : ""))),
    make("dl", {}, [...groups(all, scenarioOf)].map(([scenario, of]) => [
      make("dt", {}, scenario.slice(area ? area.length + 1 : 0)),
      make("dd", {}, of.map((one) => entry(one, one.label || VERDICTS[one.verdict][1]))),
    ]).flat()));
  });
  $("cases").replaceChildren(...areas);
}

/** The words of two texts, those that are not in the other marked. */
function marked(text, other) {
  const words = (all) => all.split(/([\s,=]+|\([^()]*\))/);
  const known = new Set(words(other));
  // Where one side gives no names, those of the other are no difference.
  const isPlain = (word) => /^[\s,=]*$/.test(word) || (word.startsWith("(") && !other.includes("("));
  return words(text).map((word) => known.has(word) || isPlain(word) ? word : make("mark", {}, word));
}

/** Lines without the indentation that all of them have. */
function unindented(lines) {
  const depth = Math.min(...lines.map((line) => line.search(/\S/)).filter((at) => at >= 0));
  return lines.map((line) => line.slice(Number.isFinite(depth) ? depth : 0)).join("\n");
}

function differences(failure) {
  return failure.differences.map((one) => make("div", { class: "difference" },
    make("div", {}, one.what),
    make("dl", { class: "mono" },
      make("dt", {}, "expected"), make("dd", {}, marked(one.expected, one.observed)),
      make("dt", {}, "observed"), make("dd", {}, marked(one.observed, one.expected)))));
}

function transcript(one) {
  if (!one.transcript.length) return null;
  return [make("h3", {}, "What happened"), make("table", { class: "transcript mono" }, make("tbody", {},
    one.transcript.map(([seconds, line]) => {
      const text = run.lines[line];
      const kind = text.startsWith("CRI ") ? "call" : text.startsWith("Warning ") ? "warning" : null;
      return make("tr", { class: kind }, make("td", {}, `${seconds.toFixed(2)} s`), make("td", {}, text));
    })))];
}

/** Who a container is: what names its ids on the left, the ids on the right. */
function picture(container) {
  const [letter, high, gap, top] = [7.4, 26, 10, 26];
  const left = container.sources;
  const right = container.ids;
  const wide = (texts) => Math.max(60, ...texts.map((text) => shown(text).length * letter + 18));
  const star = (one) => (one.written ? "" : "✱ ");
  const idText = (id) => `${id.what} ${id.id}${id.name ? ` ${id.name}` : ""}`;
  const leftWide = wide(left.map((one) => star(one) + one.words));
  const rightWide = wide(right.map((id) => star(id) + idText(id)));
  const rightAt = leftWide + 64;
  const width = rightAt + rightWide + 2;
  const height = top + Math.max(left.length, right.length) * (high + gap);
  const middle = (index) => top + index * (high + gap) + high / 2;
  const box = (x, index, width, text, implicit) => make("g", { class: implicit ? "implicit" : null },
    make("rect", { x, y: middle(index) - high / 2, width, height: high }),
    make("text", { x: x + 9, y: middle(index) + 4 }, text));
  const words = right.map((id) => `${idText(id)} from ${id.from.map((at) => left[at].words).join(" and ")}`
    + (id.written ? "" : ", not in the manifest")).join("; ");
  return make("figure", {},
    make("div", { class: "scrolls" }, make("svg", {
      width, height, viewBox: `0 0 ${width} ${height}`,
      role: "img", "aria-label": shown(words),
    },
    make("text", { class: "side", x: 1, y: 14 }, "what names it"),
    make("text", { class: "side", x: rightAt, y: 14 }, "first process"),
    right.flatMap((id, index) => id.from.map((at) => make("path", {
      class: left[at].written ? null : "implicit",
      d: `M${leftWide + 2} ${middle(at)} C${leftWide + 32} ${middle(at)} ${rightAt - 32} ${middle(index)} ${rightAt - 2} ${middle(index)}`,
    }))),
    left.map((one, index) => box(1, index, leftWide, star(one) + one.words, !one.written)),
    right.map((id, index) => box(rightAt, index, rightWide, star(id) + idText(id), !id.written)))),
    container.more ? make("p", { class: "hint" }, `and ${container.more} more groups`) : null,
    right.every((id) => id.written) ? null
      : make("p", { class: "hint" }, "✱ and dashes: not in the manifest"),
    make("figcaption", {}, container.title));
}

function identities(one) {
  if (!one.containers.length) return null;
  return [make("h3", {}, "Who the containers are, and what says so"),
    ...one.containers.map((at) => picture(run.containers[at]))];
}

function showCase(one) {
  state.open = one;
  $("columns").classList.toggle("open", Boolean(one));
  $("case").hidden = !one;
  document.title = one ? shown(`${one.id} – gidcheck run`) : "gidcheck run";
  if (!one) return;
  const close = make("button", { type: "button", title: "Escape" }, "Close");
  close.onclick = leave;
  const fact = (name, value) => value ? [make("dt", {}, name), make("dd", {}, value)] : [];
  const nodes = one.nodes.map((node) => `${node.name}: Kubernetes ${node.kubernetes}, ${node.runtime}`);
  const command = `${run.command} --filter '${`=${one.id}`.replaceAll("'", "'\\''")}'`;
  const [mark, words] = VERDICTS[one.verdict];
  $("case").replaceChildren(...[
    make("header", { class: one.verdict }, make("h2", {}, make("span", { class: "mark" }, mark), ` ${one.id}`), close),
    make("p", {}, run.descriptions[one.description]),
    make("dl", {}, fact("verdict", make("span", { class: `word ${one.verdict}` }, one.verdict === "deviates" ? "deviates as known" : one.verdict === "broken" ? words : one.verdict)),
      fact("because", one.reason), fact("written in", one.place), fact("API server", one.kubernetes),
      fact("nodes", nodes.join("; ")), fact("tags", one.tags.join(", ")),
      fact("took", `${one.seconds.toFixed(2)} s of the cluster's time`)),
    one.failure && make("h3", {}, one.failure.what),
    one.failure?.place && make("p", { class: "hint" }, one.failure.place),
    one.failure?.lines && make("pre", {}, unindented(one.failure.lines)),
    ...(one.failure ? differences(one.failure) : []),
    ...(identities(one) ?? []),
    ...(transcript(one) ?? []),
    make("h3", {}, "Run only this case"), make("pre", {}, command),
  ].filter(Boolean));
}

/** Closes the case and goes back to where it was opened from. */
function leave() {
  const was = state.open;
  history.replaceState(null, "", location.pathname + location.search);
  followAddress();
  document.querySelector(`#cases a[href="${CSS.escape(was ? link(was) : "")}"]`)?.focus();
}

function followAddress() {
  const given = /^#case=(.*)$/s.exec(location.hash)?.[1];
  let id = null;
  try {
    id = given === undefined ? null : decodeURIComponent(given);
  } catch {
    // An address that somebody has cut leads to no case.
  }
  showCase(run.cases.find((one) => one.id === id) ?? null);
  showCases();
  if (state.open) {
    document.querySelector("#cases a[aria-current]")?.scrollIntoView({ block: "nearest" });
    $("case").scrollTop = 0;
    $("case").focus({ preventScroll: true });
  }
}

function update() {
  for (const button of $("verdicts").children) {
    button.setAttribute("aria-pressed", String(state.verdicts.has(button.dataset.verdict)));
  }
  showMatrix();
  showCases();
}

for (const one of run.cases) {
  one.search = [one.id, ...one.tags, ...one.nodes.flatMap((node) => [node.runtime, node.kubernetes]),
    run.descriptions[one.description]].join(" ").toLowerCase();
}
showAbout();
fillSelects();
$("filters").addEventListener("input", update);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("filters").addEventListener("reset", () => {
  state.spot = null;
  state.verdicts = new Set(Object.keys(VERDICTS));
  setTimeout(update);
});
$("matrix").addEventListener("keydown", moveInMatrix);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.open) leave();
});
addEventListener("hashchange", followAddress);
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
showMatrix();
followAddress();
