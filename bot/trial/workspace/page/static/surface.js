// A surface is what holds blocks: a message, a modal, the Home. It knows what is filled in on it.
import { confirmFirst, toast } from "./dialogs.js";
import { act } from "./net.js";

const TROUBLE = {
  dispatch_failed: "That did not work: the app is not connected.",
  operation_timeout: "The app did not answer in time. (operation_timeout)",
  message_not_found: "This message is no longer there.",
  no_such_element: "This button has gone meanwhile.",
  unreachable: "The trial server cannot be reached.",
};

/** Say why an act came to nothing. */
export function complain(error) {
  toast(TROUBLE[error] ?? `That did not work: ${error}`);
}

export class Surface {
  /** `where` is a message's ts or a view's id. */
  constructor({ where, names, me, kept }) {
    Object.assign(this, { where, names, me, kept: kept ?? {}, readers: [] });
  }

  /** Register an input: `read` gives its value now. */
  reads(block, element, read) {
    this.readers.push({ block: block.block_id, action: element.action_id, read });
  }

  /** What was filled in before this surface was drawn anew, if anything. */
  before(block, element) {
    return this.kept[block.block_id]?.[element.action_id];
  }

  values() {
    const values = {};
    for (const { block, action, read } of this.readers) (values[block] ??= {})[action] = read();
    return values;
  }

  /** Ask the app for the options of one of its menus, for what was typed. */
  suggest(block, element, typed) {
    return act("suggest", {
      user: this.me, where: this.where, block_id: block.block_id, action_id: element.action_id, typed,
    });
  }

  /** Act on an element, after its confirmation. `control` shows that it is under way, and keeps the focus. */
  async act(block, element, value, control) {
    if (control.hasAttribute("aria-busy")) return false;
    if (element.confirm && !(await confirmFirst(element.confirm, this.names))) return false;
    control.setAttribute("aria-busy", "true");
    const outcome = await act("click", {
      user: this.me, where: this.where, block_id: block.block_id, action_id: element.action_id, value, values: this.values(),
    });
    control.removeAttribute("aria-busy");
    if (!outcome.ok) complain(outcome.error);
    return outcome.ok;
  }
}
