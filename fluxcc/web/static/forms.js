// What forms do better with a script: one request ID a click, menus that close, services by typing.
"use strict";

// A second click on the same form asks for the same thing, and so does nothing more.
document.addEventListener("htmx:configRequest", (event) => {
  const parameters = event.detail.parameters;
  if ("request" in parameters && !parameters.request) {
    parameters.request = crypto.randomUUID ? crypto.randomUUID() : `web-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  }
});
document.addEventListener("htmx:beforeRequest", (event) => busy(event.target, true));
document.addEventListener("htmx:afterRequest", (event) => {
  busy(event.target, false);
  const popup = event.target.closest(".popup");
  if (popup) closePopup(popup);
});
document.addEventListener("htmx:sendError", () => {
  const notice = document.getElementById("notice");
  notice.textContent = document.body.dataset.lost;
});

function busy(form, isBusy) {
  for (const button of form.querySelectorAll("button")) button.disabled = isBusy;
}

// The menu of a call's row, which the server fills.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.act");
  const popup = link?.nextElementSibling;
  for (const other of document.querySelectorAll(".popup:not([hidden])")) {
    if (other !== popup && !other.contains(event.target)) closePopup(other);
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (!link) return;
  event.preventDefault();
  if (popup.hidden) openPopup(link, popup);
  else closePopup(popup);
});

async function openPopup(link, popup) {
  popup.textContent = "…";
  popup.hidden = false;
  link.setAttribute("aria-expanded", "true");
  await htmx.ajax("GET", link.href, { target: popup, swap: "innerHTML" });
  popup.querySelector("button, summary")?.focus();
}

function closePopup(popup) {
  const hadFocus = popup.contains(document.activeElement);
  popup.hidden = true;
  popup.textContent = "";
  const link = popup.previousElementSibling;
  link?.setAttribute("aria-expanded", "false");
  if (hadFocus) link?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const step = document.activeElement.closest("details[open]");
    const popup = document.activeElement.closest(".popup");
    if (step) {
      step.open = false;
      step.querySelector("summary").focus();
    } else if (popup) closePopup(popup);
    return;
  }
  choose(event);
  walk(event);
});

// Keys 1 to 4 on an agent's page, while nothing is being typed.
function choose(event) {
  const actions = document.getElementById("own-actions");
  const isTyping = event.target.matches("input, select, textarea");
  if (!actions || isTyping || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const item = actions.querySelector(`li[data-key="${CSS.escape(event.key)}"]`);
  if (!item) return;
  event.preventDefault();
  const step = item.querySelector("details");
  const button = item.querySelector("button");
  if (step && !step.open) {
    step.open = true;
    (step.querySelector("label.find:not([hidden]) input") || button).focus();
  } else if (button && (!step || step.dataset.step !== "transfer")) button.click();
}

// Arrows go through the choices of an open step.
function walk(event) {
  if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const step = event.target.closest("details[open]");
  if (!step || event.target.matches("select")) return;
  const choices = [...step.querySelectorAll("input[data-find], li:not([hidden]) button")];
  const next = choices.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  choices[next]?.focus();
  event.preventDefault();
}

// The catalogue by typing.
document.addEventListener("toggle", (event) => {
  const find = event.target.querySelector?.("label.find");
  if (find) find.hidden = false;
}, true);
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-find]")) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of event.target.closest("details").querySelectorAll("[data-found]")) {
    item.hidden = !item.dataset.found.includes(wanted);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-find]")) return;
  event.preventDefault();
  event.target.closest("details").querySelector("li:not([hidden]) button")?.click();
});
for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;
