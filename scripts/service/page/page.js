"use strict";

// Whatever the text holds is put in as text, never as HTML.
const $ = (id) => document.getElementById(id);
const GREY = "#dddddd";
let model = null;
let last = null;
let busy = false;

function element(name, content, parent) {
  const made = document.createElement(name);
  if (content !== undefined) made.textContent = content;
  if (parent) parent.append(made);
  return made;
}

async function ask(path, body) {
  const headers = {};
  if ($("key").value) headers["X-API-Key"] = encodeKey($("key").value);
  if (body) headers["Content-Type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The service cannot be reached.");
  }
  const value = await response.json().catch(() => null);
  if (response.status === 401) showKey();
  if (!response.ok) throw new Error(value?.error?.message ?? `The service says ${response.status}.`);
  return value;
}

// Headers carry bytes: a key beyond ASCII goes as UTF-8, which is what the service compares.
function encodeKey(key) {
  return String.fromCharCode(...new TextEncoder().encode(key));
}

function showKey() {
  if (!$("key-row").hidden) return;
  $("key-row").hidden = false;
  $("key").focus();
}

function colour(label) {
  return model?.colours[label] ?? GREY;
}

function percent(ent) {
  return ent.confidence === null ? "–" : `${(100 * ent.confidence).toFixed(1)} %`;
}

async function introduce() {
  try {
    model = await ask("model");
  } catch (error) {
    $("model").textContent = "";
    $("error").textContent = error.message;
    return;
  }
  $("error").textContent = "";
  $("model").textContent = `${model.model}: ${model.labels.join(", ")}`;
  $("calibrated").textContent = model.confidence ? `Confidences are ${model.confidence}.` : "";
  $("text").lang = $("marked").lang = model.lang;
  $("text").maxLength = 2 * model.text_characters;
  $("example").disabled = false;
}

function mark(text, ent, parent) {
  const made = element("mark", text.slice(ent.start, ent.end), parent);
  made.style.backgroundColor = colour(ent.label);
  made.tabIndex = 0;
  const label = element("span", ent.label, made);
  label.className = "label";
  label.lang = "en";
  if (ent.confidence === null) return;
  made.title = `confidence ${percent(ent)}`;
  element("span", percent(ent), made).className = "tip";
}

function show(text, ents) {
  const marked = $("marked");
  marked.replaceChildren();
  $("rows").replaceChildren();
  $("legend").replaceChildren();
  let at = 0;
  for (const ent of ents) {
    marked.append(text.slice(at, ent.start));
    mark(text, ent, marked);
    at = ent.end;
    const row = element("tr", undefined, $("rows"));
    for (const cell of [ent.text, ent.label, percent(ent), `${ent.start}–${ent.end}`]) {
      element("td", cell, row);
    }
    row.firstChild.lang = model?.lang ?? "";
    row.firstChild.dir = "auto";
  }
  marked.append(text.slice(at));
  for (const label of [...new Set(ents.map((ent) => ent.label))].sort()) {
    const count = ents.filter((ent) => ent.label === label).length;
    element("li", `${label} ${count}`, $("legend")).style.backgroundColor = colour(label);
  }
  $("table-box").hidden = ents.length === 0;
  $("result").hidden = false;
}

// Not by disabling the button: that would take the focus away from it.
function setBusy(now) {
  busy = now;
  $("mark").setAttribute("aria-disabled", String(now));
}

function forget() {
  last = null;
  $("result").hidden = true;
}

async function run(event) {
  event.preventDefault();
  if (busy) return;
  const text = $("text").value;
  $("error").textContent = "";
  if (!text) {
    $("error").textContent = "There is no text to mark.";
    $("text").focus();
    return;
  }
  setBusy(true);
  $("status").textContent = "Marking…";
  try {
    if (!model) await introduce();
    const answer = await ask("ner?offsets=utf16", { text });
    const ents = answer.results[0].ents;
    last = { text, model: answer.model, offsets: answer.offsets, ents };
    show(text, ents);
    $("status").textContent = ents.length === 1 ? "1 entity found." : `${ents.length} entities found.`;
  } catch (error) {
    forget();
    $("status").textContent = "";
    $("error").textContent = error.message;
  } finally {
    setBusy(false);
  }
}

async function copy() {
  const json = JSON.stringify(last, null, 2);
  let copied = true;
  try {
    await navigator.clipboard.writeText(json);
  } catch {
    // Browsers give the clipboard to https and localhost only.
    const area = element("textarea", json, document.body);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
    $("copy").focus();
  }
  $("error").textContent = copied ? "" : "The browser does not let the page copy.";
  $("status").textContent = copied ? "Copied." : "";
}

$("form").addEventListener("submit", run);
$("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(event);
});
$("key").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  introduce();
});
$("use-key").addEventListener("click", introduce);
$("example").addEventListener("click", () => {
  $("text").value = model.example;
  $("text").focus();
});
$("copy").addEventListener("click", copy);
introduce();
