// What the grid of actuals gains from a script; it works without it. A row is tr.line; its boxes carry data-box.
//   keys        arrows and Tab move, Enter saves the row and goes on to the next, Escape undoes it
//   sums        cost, the week's sum of days and the totals follow what is typed and saved
//   unsaved     rows that are not saved yet are kept in this window (never on the computer), and offered again after a lost
//               connection, an ended session or a closed page, to the same person only

const grid = document.getElementById("grid");
const main = document.getElementById("main-content");
const person = main.querySelector("[data-person]")?.dataset.person ?? "";
const prefix = `actuals:${person}:`;
const announcements = document.getElementById("announcements");
const lines = () => [...main.querySelectorAll("tr.line")].filter((row) => row.querySelector("[data-box]"));
const rowOf = (element) => element?.closest?.("tr.line");
const boxes = (row) => [...row.querySelectorAll("input[name], textarea[name]")].filter((box) => box.dataset.box);
const formOf = (row) => row.querySelector("[data-box]")?.form;
const inPlace = (row) => formOf(row)?.id.startsWith("f-");

function say(text) {
  announcements.textContent = "";
  setTimeout(() => (announcements.textContent = text), 50);
}

// ── figures ──
const NUMBER = /^\d{0,7}(\.\d{0,2})?$/;
function hundredths(text) {
  const plain = text.trim().replace(/,(?=\d{3})/g, "");
  return NUMBER.test(plain) && plain !== "." ? Math.round(Number(plain || 0) * 100) : null;
}
const money = (pence) => `${pence < 0 ? "-" : ""}£${Math.floor(Math.abs(pence) / 100).toLocaleString("en-GB")}.${String(Math.abs(pence) % 100).padStart(2, "0")}`;
const short = (amount) => String(amount / 100);
const show = (row, name, text) => row.querySelectorAll(`[data-shows="${name}"]`).forEach((output) => (output.textContent = text));

function sumOfDays(row) {
  let total = 0;
  for (const line of row.querySelectorAll(".days__table tbody tr")) {
    const quantity = hundredths(line.querySelector("input:not([type])").value);
    if (quantity === null) return null;
    total += quantity * line.querySelectorAll("input:checked").length;
  }
  return total;
}

// The cost is half up of (actual + frustrated) x the mean of the rates, in whole numbers (rule 4.2).
function work(row) {
  const box = (name) => row.querySelector(`[data-box="${name}"]`);
  const read = (name) => (box(name) ? hundredths(box(name).value) : 0);
  const actual = "byDays" in row.dataset ? sumOfDays(row) : read("actual");
  const frustrated = read("frustrated");
  if ("byDays" in row.dataset && actual !== null) row.querySelector("[data-sum]").textContent = short(actual);
  if (actual === null || frustrated === null) return show(row, "cost", "");
  if ("workedOut" in row.dataset) {
    const over = actual + frustrated - Number(row.dataset.planned);
    show(row, "missed", (Math.max(0, -over) / 100).toFixed(2));
    show(row, "extra", (Math.max(0, over) / 100).toFixed(2));
  }
  const days = Number(row.dataset.days);
  const blank = box("actual")?.value.trim() === "";
  if (row.dataset.unpaid === "1" || !days || blank) return show(row, "cost", blank ? "" : money(0));
  const parts = BigInt(actual + frustrated) * BigInt(row.dataset.price);
  const whole = BigInt(10000 * days);
  show(row, "cost", money(Number((2n * parts + whole) / (2n * whole))));
}

// ── unsaved rows ──
const differs = (box) => (box.type === "checkbox" ? box.checked !== box.defaultChecked : box.value !== box.defaultValue);
const isUnsaved = (row) => row.classList.contains("refused") || boxes(row).some(differs);
const keyOf = (row) => `${prefix}${formOf(row).action}#${row.dataset.row}`;
const entries = () => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));

function keep(row) {
  const values = {};
  for (const box of boxes(row)) values[box.id || `${box.name}=${box.value}`] = box.type === "checkbox" ? box.checked : box.value;
  const hidden = (name) => document.getElementsByName(`${row.dataset.row}-${name}`)[0]?.value;
  const about = row.querySelector("textarea").getAttribute("aria-label").replace(/^Comments, /, "");
  const entry = { values, version: hidden("version"), planned: hidden("planned"), about, href: formOf(row).action };
  try {
    sessionStorage.setItem(keyOf(row), JSON.stringify(entry));
  } catch {
    // no room, or not allowed: the row is still on the page
  }
}
const drop = (row) => sessionStorage.removeItem(keyOf(row));

function mark(row, words, kind = "yellow") {
  const state = row.querySelector("[data-state]");
  if (!state) return;
  state.replaceChildren();
  if (!words) return;
  const tag = document.createElement("strong");
  tag.className = `govuk-tag govuk-tag--${kind}`;
  tag.textContent = kind === "blue" ? "Saving" : "Not saved";
  state.append(tag, words === true ? "" : ` ${words}`);
}

function changed(row) {
  work(row);
  const unsaved = isUnsaved(row);
  row.classList.toggle("unsaved", unsaved);
  if (unsaved) {
    keep(row);
    if (!row.classList.contains("refused")) mark(row, true);
  } else {
    drop(row);
    mark(row, "");
  }
  bar();
}

// One more row of days; the portal is told when the row is saved.
const MOST_DAYS = 20;
const countOf = (row) => document.getElementsByName(`${row.dataset.row}-days`)[0];
function addDay(row) {
  const lines = row.querySelector(".days__table tbody").rows;
  const number = lines.length;
  if (number >= MOST_DAYS) return null;
  const added = lines[number - 1].cloneNode(true);
  added.dataset.added = "";
  for (const box of added.querySelectorAll("input")) {
    for (const name of ["id", "name", "data-box"]) {
      if (box.hasAttribute(name)) box.setAttribute(name, box.getAttribute(name).replace(`day${number - 1}`, `day${number}`));
    }
    box.setAttribute("aria-label", box.getAttribute("aria-label").replace(`row ${number}`, `row ${number + 1}`));
    box.classList.remove("govuk-input--error");
    box.removeAttribute("aria-invalid");
    if (box.type === "checkbox") box.defaultChecked = box.checked = false;
    else box.defaultValue = box.value = "";
  }
  lines[number - 1].after(added);
  countOf(row).value = number + 1;
  return added.querySelector("input");
}
main.addEventListener("click", (event) => {
  const button = event.target.closest("button[name$='-add-day']");
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  addDay(rowOf(button))?.focus();
  say("Row added");
}, true);

const alike = (one, other) => one === other || (hundredths(String(one)) ?? -1) === (hundredths(String(other)) ?? -2) || String(one).trim() === String(other).trim();

// Fill in what was typed before, where it differs from what is stored now.
function putBack(row) {
  const text = sessionStorage.getItem(keyOf(row));
  if (!text) return false;
  const entry = JSON.parse(text);
  const days = (place) => `${row.dataset.row}-day${place}-quantity`;
  for (let place = row.querySelectorAll(".days__table tbody tr").length; place && days(place) in entry.values; place++) addDay(row);
  const all = boxes(row);
  const now = (box) => (box.type === "checkbox" ? box.checked : box.value);
  const typed = (box) => entry.values[box.id || `${box.name}=${box.value}`];
  if (!row.classList.contains("refused") && all.every((box) => typed(box) === undefined || alike(now(box), typed(box)))) {
    drop(row);
    return false;
  }
  for (const box of all) {
    if (typed(box) === undefined) continue;
    if (box.type === "checkbox") box.checked = typed(box);
    else box.value = typed(box);
  }
  for (const name of ["version", "planned"]) {
    const hidden = document.getElementsByName(`${row.dataset.row}-${name}`)[0];
    if (hidden && entry[name] !== undefined) hidden.value = entry[name]; // somebody else's save meanwhile is told
  }
  changed(row);
  return true;
}

// What is kept of other pages is offered as links to them.
function offer() {
  document.getElementById("kept-rows")?.remove();
  const shown = new Set(lines().map(keyOf));
  const others = entries().filter((key) => !shown.has(key)).map((key) => JSON.parse(sessionStorage.getItem(key)));
  const here = lines().filter((row) => row.classList.contains("put-back")).length;
  if (!others.length && !here) return;
  const box = document.createElement("div");
  box.className = "portal-unsaved";
  box.id = "kept-rows";
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Rows that were not saved");
  const words = document.createElement("p");
  words.className = "govuk-body";
  const count = others.length + here;
  const filled = here === count ? (count === 1 ? "It is" : "They are") : `${here} of them ${here === 1 ? "is" : "are"}`;
  words.textContent = `${count} ${count === 1 ? "row that you typed was" : "rows that you typed were"} not saved.${here ? ` ${filled} filled in below: look, then save.` : ""}`;
  box.append(words);
  if (others.length) {
    const list = document.createElement("ul");
    list.className = "govuk-list";
    for (const [href, about] of new Map(others.map((one) => [one.href, one.about]))) {
      const link = document.createElement("a");
      link.className = "govuk-link";
      link.href = href;
      link.textContent = `Fill them in again: ${about.split(", ").pop()}`;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    box.append(list);
  }
  const forget = document.createElement("button");
  forget.type = "button";
  forget.className = "portal-link";
  forget.textContent = "Forget them";
  forget.addEventListener("click", () => {
    for (const row of lines().filter(isUnsaved)) undo(row);
    entries().forEach((key) => sessionStorage.removeItem(key));
    box.remove();
    bar();
  });
  box.append(forget);
  main.querySelector(".portal-heading").after(box);
}

function undo(row) {
  for (const box of boxes(row)) {
    if (box.type === "checkbox") box.checked = box.defaultChecked;
    else box.value = box.defaultValue;
  }
  row.querySelectorAll("[data-added]").forEach((added) => added.remove());
  if (countOf(row)) countOf(row).value = row.querySelectorAll(".days__table tbody tr").length;
  row.classList.remove("refused", "put-back");
  drop(row);
  changed(row);
}

// ── the bar under the grid: several rows at once ──
let saving = [];
function bar() {
  const open = lines().filter((row) => inPlace(row) && isUnsaved(row));
  let box = document.getElementById("grid-bar");
  if (open.length < 2 && !saving.length) return box?.remove();
  if (!box) {
    box = document.createElement("div");
    box.id = "grid-bar";
    box.className = "portal-bar";
    box.innerHTML = '<span></span> <button type="button" class="govuk-button portal-small">Save all</button> <button type="button" class="portal-link">Undo all</button>';
    box.children[1].addEventListener("click", () => {
      saving = lines().filter((row) => inPlace(row) && isUnsaved(row)).map((row) => row.dataset.row);
      next();
    });
    box.children[2].addEventListener("click", () => lines().filter(isUnsaved).forEach(undo));
    grid.after(box);
  }
  box.firstChild.textContent = `${open.length} rows are not saved.`;
}
const line = (key) => document.getElementById(`line-${key}`);
function next() {
  const key = saving.shift();
  const row = key && line(key);
  if (row && isUnsaved(row)) formOf(row).requestSubmit();
  else if (saving.length) next();
  else bar();
}

// ── saving ──
let going = null;
const costs = new Map();
const note = () => lines().forEach((row) => costs.set(row.dataset.row, Number(row.dataset.cost)));

document.addEventListener("htmx:before:request", (event) => {
  const row = rowOf(event.detail.ctx.sourceElement);
  if (!row || event.detail.ctx.sourceElement.tagName !== "FORM") return;
  const box = rowOf(document.activeElement) === row ? document.activeElement.dataset?.box : null;
  going = { key: row.dataset.row, box: box ?? "actual", byKey: row.dataset.byKey === "yes" };
  delete row.dataset.byKey;
  keep(row);
  busy(row, true);
  mark(row, true, "blue");
});
document.addEventListener("htmx:finally:request", (event) => {
  const row = rowOf(event.detail.ctx?.sourceElement);
  if (row?.isConnected) busy(row, false);
});
// What is typed while a row is being saved would be lost when its answer takes its place.
function busy(row, on) {
  row.classList.toggle("busy", on);
  boxes(row).forEach((box) => (box.readOnly = on));
}

// An answer that is not a row is a page about something else: signed out, failed, or the form was too old.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const row = rowOf(ctx.sourceElement);
  if (!row || /^\s*<tr\b/.test(ctx.text ?? "")) return;
  event.preventDefault();
  const signedOut = new URL(ctx.response.raw.url).pathname === "/login";
  const state = row.querySelector("[data-state]");
  if (signedOut || ctx.response.status === 400) {
    mark(row, signedOut ? "You were signed out. What you typed is kept in this window:" : "You were signed out, or this page is too old. What you typed is kept in this window:", "red");
    const link = document.createElement("a");
    link.className = "govuk-link";
    link.href = signedOut ? `/login?next=${encodeURIComponent(location.pathname + location.search)}` : location.href;
    link.textContent = signedOut ? "sign in again" : "open the page again";
    link.addEventListener("click", () => (leaving = true));
    state.append(" ", link);
  } else {
    mark(row, ctx.response.status === 403 || ctx.response.status === 404 ? "It may not be changed any more. Open the page anew." : "The portal could not save it. It is kept here: try again.", "red");
  }
  saving = [];
  say(state.textContent);
});

document.addEventListener("htmx:error", (event) => {
  const row = rowOf(event.detail.ctx?.sourceElement);
  if (!row) return;
  row.dataset.waits = "yes";
  saving = [];
  mark(row, "No connection. It is kept here and saved when the connection is back.", "red");
});
function again() {
  const row = lines().find((one) => one.dataset.waits === "yes");
  if (!row || !navigator.onLine) return;
  saving = lines().filter((one) => one.dataset.waits === "yes").map((one) => one.dataset.row);
  lines().forEach((one) => delete one.dataset.waits);
  next();
}
window.addEventListener("online", again);
setInterval(again, 15000);

document.addEventListener("htmx:after:settle", (event) => {
  const region = event.target;
  if (!(region instanceof Element)) return;
  const asked = !going && [document.body, region].includes(document.activeElement); // a line added, or put back as it is
  for (const row of region.matches("tr.line") ? [region] : region.querySelectorAll("tr.line")) {
    if (!row.querySelector("[data-box]")) continue;
    settled(row);
  }
  if (region.matches("tbody.editing")) (region.querySelector("[aria-invalid]") ?? region.querySelector("[data-box], tr.adding a"))?.focus();
  else if (asked && region.matches("tr.line")) region.querySelector("[data-box]")?.focus();
  lines().forEach((row) => costs.has(row.dataset.row) || costs.set(row.dataset.row, Number(row.dataset.cost)));
});

function settled(row) {
  const key = row.dataset.row;
  if (costs.has(key)) total(row, Number(row.dataset.cost) - costs.get(key));
  costs.set(key, Number(row.dataset.cost));
  const refused = row.classList.contains("refused");
  if (refused) row.classList.add("unsaved");
  else drop(row);
  if (going?.key !== key) return;
  say(row.querySelector("[data-state]").textContent);
  const bad = row.querySelector("[aria-invalid]");
  const from = going;
  going = null;
  if (refused) (bad ?? row.querySelector("[data-box]")).focus();
  else if (!saving.length && from.byKey) (below(row, from.box) ?? row.querySelector(`[data-box="${from.box}"]`))?.focus();
  else if (!saving.length && document.activeElement === document.body) row.querySelector(`#save-${CSS.escape(key)}`)?.focus({ preventScroll: true });
  next();
}

function total(row, difference) {
  const heading = row.closest("tbody")?.querySelector(".of");
  const foot = document.getElementById("grid-total");
  for (const place of [heading, foot]) {
    if (!place) continue;
    place.dataset.shown = Number(place.dataset.shown) + difference;
    place.dataset.all = Number(place.dataset.all) + difference;
    const both = `${money(Number(place.dataset.shown))} of ${money(Number(place.dataset.all))}`;
    place.textContent = place === foot ? `Total: ${both}` : place.textContent.startsWith("Week") ? `Week Total: ${money(Number(place.dataset.all))}` : both;
  }
}

// ── keys ──
// A line of boxes is a row, or one of its rows of days.
function ranks() {
  const found = [];
  for (const row of lines()) {
    for (const days of row.querySelectorAll(".days__table tbody tr")) found.push([...days.querySelectorAll("[data-box]:not(:disabled)")]);
    found.push([...row.querySelectorAll("[data-box]")].filter((box) => !box.closest(".days__table")));
  }
  return found.filter((rank) => rank.length);
}
function below(row, name) {
  const following = lines().slice(lines().indexOf(row) + 1);
  for (const one of following) {
    const box = one.querySelector(`[data-box="${name}"]`) ?? one.querySelector("[data-box]");
    if (box) return box;
  }
  return null;
}
function step(box, up) {
  const all = ranks();
  const at = all.findIndex((rank) => rank.includes(box));
  const place = all[at].indexOf(box);
  for (let to = at + (up ? -1 : 1); all[to]; to += up ? -1 : 1) {
    const same = all[to].find((one) => one.dataset.box === box.dataset.box) ?? all[to][Math.min(place, all[to].length - 1)];
    if (same) return same.focus();
  }
}
function beside(box, by) {
  const rank = ranks().find((one) => one.includes(box));
  rank[rank.indexOf(box) + by]?.focus();
}

main.addEventListener("keydown", (event) => {
  const box = event.target;
  const row = rowOf(box);
  if (!row || !box.dataset.box || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const text = box.type !== "checkbox";
  const start = !text || box.selectionStart === 0;
  const end = !text || box.selectionEnd === box.value.length;
  const whole = text && box.selectionStart === 0 && box.selectionEnd === box.value.length;
  const caret = text && box.selectionStart === box.selectionEnd;
  const area = box.tagName === "TEXTAREA";
  const go = {
    ArrowUp: () => (!area || start) && step(box, true),
    ArrowDown: () => (!area || end) && step(box, false),
    ArrowLeft: () => start && (whole || caret || !text) && beside(box, -1),
    ArrowRight: () => end && (whole || caret || !text) && beside(box, 1),
  };
  if (event.key === "Enter" && !event.shiftKey && (area || !text || inPlace(row))) {
    event.preventDefault();
    if (inPlace(row)) row.dataset.byKey = "yes";
    const form = formOf(row);
    form.requestSubmit(inPlace(row) ? row.querySelector(".row-form button:not([type])") : null);
  } else if (event.key === "Escape" && isUnsaved(row)) {
    event.preventDefault();
    undo(row);
    say("Undone");
  } else if (go[event.key] && !event.shiftKey && go[event.key]() !== false) {
    event.preventDefault();
  }
});
main.addEventListener("focusin", (event) => {
  const box = event.target;
  if (rowOf(box) && box.dataset.box && box.tagName === "INPUT" && box.type !== "checkbox") box.select();
});
main.addEventListener("input", (event) => {
  const row = rowOf(event.target);
  if (row && event.target.dataset.box) changed(row);
});
main.addEventListener("reset", (event) => {
  const row = rowOf(event.target);
  if (row) setTimeout(() => undo(row));
});
main.addEventListener("click", (event) => {
  const back = event.target.closest("[data-back]");
  if (!back) return;
  const open = [...back.closest("tbody").querySelectorAll("tr.line")].filter((row) => row.querySelector("[data-box]") && isUnsaved(row));
  if (!open.length) return;
  if (window.confirm(`${open.length === 1 ? "A row is" : `${open.length} rows are`} not saved. Go back without saving?`)) open.forEach(drop);
  else {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// ── leaving ──
let leaving = false;
window.addEventListener("beforeunload", (event) => {
  if (!leaving && lines().some((row) => inPlace(row) && isUnsaved(row))) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  if (event.target.id === "edit") lines().filter(isUnsaved).forEach(keep);
});

// ── at the start ──
for (const key of Object.keys(sessionStorage)) if (key.startsWith("actuals:") && !key.startsWith(prefix)) sessionStorage.removeItem(key);
note();
for (const row of lines()) {
  if (putBack(row)) row.classList.add("put-back");
  else if (row.classList.contains("refused")) row.classList.add("unsaved");
}
offer();
bar();
main.querySelector("tr.line [aria-invalid]")?.focus();
