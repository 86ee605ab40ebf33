// The page: reads its address, asks who there is, and shows a panel for each chosen account.

import { formatAddress, parseAddress, toggle, type Address } from "./address";
import { Backend } from "./backend";
import type { AccountSummary } from "./events";
import { Panel } from "./panel";
import { element } from "./view/dom";

const desk = byId("desk");
const picker = byId("picker");
const panels = new Map<string, Panel>();

async function open(): Promise<void> {
  desk.replaceChildren(pageNotice("page-loading", "Opening the desk…"));
  const address = parseAddress(location.search);
  try {
    const accounts = await new Backend(address.backend).accounts();
    desk.replaceChildren();
    const first = accounts[0];
    if (!first) {
      desk.append(pageNotice("page-empty", "The back end has no accounts yet."));
      return;
    }
    show(
      accounts,
      address.accounts.length > 0 ? address : { ...address, accounts: [first.account] },
    );
    window.onpopstate = () => show(accounts, parseAddress(location.search));
  } catch {
    const text = `The back end at ${address.backend} cannot be reached. Is it running?`;
    const notice = pageNotice("page-error", text);
    const again = element("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => void open());
    notice.append(" ", again);
    desk.replaceChildren(notice);
  }
}

/** Panels that stay are left as they are, with their connection. */
function show(accounts: readonly AccountSummary[], address: Address): void {
  const backend = new Backend(address.backend);
  for (const [name, panel] of panels) {
    if (address.accounts.includes(name)) continue;
    panel.close();
    panels.delete(name);
  }
  desk.querySelectorAll(".page-notice").forEach((notice) => notice.remove());
  for (const name of address.accounts) {
    const account = accounts.find((candidate) => candidate.account === name);
    if (!account) {
      desk.append(pageNotice("page-unknown", `There is no account named “${name}”.`));
    } else if (!panels.has(name)) {
      const panel = new Panel(account, backend);
      panels.set(name, panel);
      desk.append(panel.root);
      panel.start();
    }
  }
  desk.dataset["panels"] = String(panels.size);
  showPicker(accounts, address);
}

function showPicker(accounts: readonly AccountSummary[], address: Address): void {
  const focused = document.activeElement?.getAttribute("data-testid");
  const buttons = accounts.map(({ account, title }) => {
    const button = element(
      "button",
      {
        type: "button",
        title,
        "aria-pressed": String(address.accounts.includes(account)),
        "data-testid": `account-${account}`,
      },
      account,
    );
    button.addEventListener("click", () => {
      const chosen = { ...address, accounts: toggle(address.accounts, account) };
      history.pushState(null, "", formatAddress(chosen));
      show(accounts, chosen);
    });
    return button;
  });
  picker.replaceChildren(...buttons);
  buttons.find((button) => button.dataset["testid"] === focused)?.focus();
}

function pageNotice(testid: string, text: string): HTMLElement {
  const attributes = { class: "notice page-notice", role: "status", "data-testid": testid };
  return element("p", attributes, text);
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

void open();
