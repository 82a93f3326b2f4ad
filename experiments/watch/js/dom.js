// Small helpers that make elements of the page.

/** An element with attributes, listeners (`onclick` and the like) and what is inside. */
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value; // the page's policy forbids it as an attribute
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside);
  return element;
}

/** A button; its title is also its name for screen readers, since many labels are symbols. */
export function button(name, label, title, press, more = {}) {
  const attributes = { type: "button", "data-do": name, title, "aria-label": title, onclick: press, ...more };
  return make("button", attributes, label);
}

/** Options of a menu, as [value, text]; replaced only when they change, so that an open menu stays so. */
export function fillMenu(select, options, chosen) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
    select.dataset.options = key;
  }
  if (select.value !== chosen) select.value = chosen;
}

/** Write a text, unless it is there already: writing it again would lay out the page again. */
export function showText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show a value in a field, unless somebody is typing there. */
export function showValue(field, value) {
  if (document.activeElement !== field) field.value = value;
}
