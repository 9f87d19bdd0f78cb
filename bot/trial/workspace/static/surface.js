// A surface is what holds blocks: a message, a modal, the Home. It knows what is filled in on it.
import { act } from "./net.js";
import { confirmFirst } from "./dialogs.js";
import { toast } from "./toast.js";

const TROUBLE = {
  dispatch_failed: "That did not work: Deckhand is not connected.",
  operation_timeout: "Deckhand did not answer in time. (operation_timeout)",
  message_not_found: "This message is no longer there.",
  no_such_element: "This button has gone meanwhile.",
};

export class Surface {
  /** `where` is a message's ts or a view's id. */
  constructor({ where, names, me, people, kept }) {
    this.where = where;
    this.names = names;
    this.me = me;
    this.people = people;
    this.kept = kept ?? {};
    this.readers = [];
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

  /** Act on an element, after its confirmation. `control` shows that it is under way. */
  async act(block, element, value, control) {
    if (element.confirm && !(await confirmFirst(element.confirm, this.names))) return false;
    control?.setAttribute("aria-busy", "true");
    const inert = control?.tagName === "BUTTON";
    if (inert) control.disabled = true;
    try {
      const outcome = await act("click", {
        user: this.me,
        where: this.where,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
        values: this.values(),
      });
      if (!outcome.ok) toast(TROUBLE[outcome.error] ?? `That did not work: ${outcome.error}`);
      return outcome.ok;
    } catch {
      toast("The trial server cannot be reached.");
      return false;
    } finally {
      control?.removeAttribute("aria-busy");
      if (inert) control.disabled = false;
    }
  }
}
