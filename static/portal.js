// What plain pages gain from a script. Every page works without it, and the pages say in their attributes what they want:
//   details[data-open-wide]            open where there is room
//   form[data-unsaved]                 asks before what was typed is left behind
//   button[data-prevent-double-click]  a second press of the same form is ignored
//   [data-announce]                    said aloud when htmx has put it on the page
//   input[data-show]                   a password that can be shown
//   [data-search]                      where the key / goes

const body = document.body;
// the classes that GOV.UK Frontend sets by an inline script, which the content security policy does not allow
body.classList.add("js-enabled", "govuk-frontend-supported");

// ── GOV.UK Frontend, only where a component of it is on the page ──
async function components(root) {
  const idle = ["skip-link", "button", "radios", "checkboxes"].map((name) => `[data-module="govuk-${name}"]`).join(", ");
  if (!root.querySelector(`[data-module^="govuk-"]:not(${idle}), [data-aria-controls], [data-behaviour="exclusive"]`)) return;
  const govuk = await import("./govuk-frontend-6.6.0.min.js");
  govuk.initAll({ scope: root });
}
components(body);

// ── filters: open where there is room, and left as the person has them after that ──
// A button to show a password: there only where it works.
document.querySelectorAll("input[data-show]").forEach((input) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary portal-show";
  button.setAttribute("aria-controls", input.id);
  const words = () => (button.textContent = input.type === "password" ? "Show password" : "Hide password");
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    words();
  });
  words();
  input.after(button);
  input.form?.addEventListener("submit", () => (input.type = "password"));
});

const wide = window.matchMedia("(min-width: 64em)");
function openWide(root) {
  for (const panel of root.querySelectorAll("details[data-open-wide]")) if (wide.matches) panel.open = true;
}
openWide(body);
document.documentElement.classList.add("ready");

// ── unsaved changes ──
const typed = (form) => new URLSearchParams([...new FormData(form)].map(([k, v]) => [k, v.name ?? v])).toString();
const before = new WeakMap();
function remember(root) {
  for (const form of root.querySelectorAll("form[data-unsaved]")) before.set(form, form.querySelector(".govuk-error-message") ? null : typed(form));
}
remember(body);
window.addEventListener("beforeunload", (event) => {
  for (const form of document.querySelectorAll("form[data-unsaved]")) {
    if (!form.dataset.sent && before.has(form) && before.get(form) !== typed(form)) event.preventDefault();
  }
});

// ── one press, one form ──
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent && form.querySelector("[data-prevent-double-click]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (form.method === "post") {
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000); // an answer that is a file leaves the page where it is
  }
}, true);
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// ── after a swap: what changed is said, and focus is never lost ──
const announcements = document.getElementById("announcements");
let said = "";
function say(text) {
  if (!text || text === said || !announcements) return;
  said = text;
  announcements.textContent = "";
  setTimeout(() => (announcements.textContent = text), 50);
}

let focused = null;
document.addEventListener("htmx:before:swap", () => (focused = document.activeElement));
document.addEventListener("htmx:before:request", (event) => {
  // an answer that comes at once need not be announced as waited for
  const source = event.detail.ctx.sourceElement;
  if (source.tagName === "FORM" || source.tagName === "A") {
    source.busy = setTimeout(() => { if (source.getAttribute("hx-trigger") === null) say("Loading"); }, 1000);
  }
});
document.addEventListener("htmx:finally:request", (event) => clearTimeout(event.detail.ctx.sourceElement?.busy));
document.addEventListener("htmx:after:settle", (event) => {
  const region = event.target;
  if (!(region instanceof Element)) return;
  for (const form of region.matches("form") ? [region] : region.querySelectorAll("form")) delete form.dataset.sent;
  components(region);
  openWide(region);
  remember(region);
  const errors = region.querySelector(".govuk-error-summary");
  if (errors) {
    errors.tabIndex = -1;
    errors.focus();
  } else if (focused && !focused.isConnected && document.activeElement === body) {
    // what had focus is gone: go to what stands in its place, else to the region, and not to the top of the page
    const same = focused.id ? document.getElementById(focused.id) : null;
    const place = same?.checkVisibility() ? same : region.querySelector("[data-focus]") ?? region;
    if (place === region && !place.hasAttribute("tabindex")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
  say((region.matches("[data-announce]") ? region : region.querySelector("[data-announce]"))?.textContent.trim());
});
// the server did not answer, or not with a page: the plain way always works, and shows its own error page
document.addEventListener("htmx:error", (event) => {
  const source = event.detail.ctx?.sourceElement;
  if (!source || source.getAttribute("hx-trigger")?.startsWith("every")) return;
  say("The portal did not answer. Try again.");
});

// ── the session's end: a warning before it, and a way to stay ──
const timeout = document.getElementById("timeout");
if (timeout) {
  const form = timeout.querySelector("form");
  const text = document.getElementById("timeout-text");
  const warn = Number(timeout.dataset.warn);
  let ends, timer;
  const minutes = (seconds) => (seconds > 60 ? `${Math.ceil(seconds / 60)} minutes` : "less than a minute");
  const left = () => Math.round((ends - Date.now()) / 1000);
  const begin = (seconds) => {
    ends = Date.now() + seconds * 1000;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(1, seconds - warn) * 1000);
  };
  async function look() {
    // another window may have been used meanwhile: the server knows
    const seconds = await fetch(form.action).then((answer) => answer.json()).then((said) => said.left, () => left());
    if (seconds > warn) return timeout.close(), begin(seconds);
    ends = Date.now() + seconds * 1000;
    if (seconds > 0) {
      text.textContent = `The portal has not been used for a while. You will be signed out in ${minutes(seconds)}. What you typed is kept.`;
      timer = setTimeout(look, Math.min(seconds, 60) * 1000 + 500);
    } else {
      document.getElementById("timeout-title").textContent = "You have been signed out";
      text.textContent = "What you typed is still on this page. Close this, press the page’s button and sign in: you get it back.";
      form.querySelector("button").textContent = "Close";
      form.dataset.over = "yes";
    }
    if (!timeout.open) timeout.showModal();
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    timeout.close();
    delete form.dataset.sent;
    if (form.dataset.over) return;
    const said = await fetch(form.action, { method: "POST", body: new FormData(form) }).then((answer) => answer.json(), () => ({ left: 0 }));
    said.left ? begin(said.left) : look();
  });
  begin(Number(timeout.dataset.left));
}

// ── the key / goes to search ──
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (body.dataset.shortcuts === "off" || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});
