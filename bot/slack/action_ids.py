"""Ids of everything that people can press or submit. What follows a colon tells the same button's copies apart.

A button carries one id as its value, and a form one id: that of a plan where nothing else is said.
"""

# --- a host's report: the value is the host's name ----------------------------------------------

LOOK = "look"
"""Show a host's report."""
DETAILS = "details"
"""List the largest objects of a host."""
PICTURE = "picture"
"""Draw where a host's space is."""
HISTORY = "history"
"""Show how the disk of a host filled."""
WHY_FULL = "why_full"
"""Say what holds the whole disk of a host."""
PROPOSE = "propose"
"""Ask for a plan; the profile, and what narrows it, follow the colon."""
PROPOSE_OTHER = "propose_other"
"""A menu of the other cleanups; the host's name follows the colon, the profile and what narrows it is the value."""
VOLUMES = "volumes"
"""Choose named volumes of a host."""

# --- a plan -------------------------------------------------------------------------------------

APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"
ADJUST = "adjust"
"""Change what a plan takes."""
ASK_OTHER = "ask_other"
"""Name somebody else who may decide."""
WHOLE_LIST = "whole_list"
"""Show all that a plan removes and keeps, its commands, and ``system df`` when it was made."""
COMMANDS = "commands"
"""Tell the Docker commands that a plan stands for: of messages that releases before this one posted."""
PLAN_AFRESH = "plan_afresh"
"""Plan once more what a plan that ended asked for."""
OPEN_PLAN = "open_plan"
"""Post a plan by itself that is a line of its schedule's message so far."""
STOP, TAKE_UP, RESTORE = "stop", "take_up", "restore"

# --- a fleet plan: the value is its id ----------------------------------------------------------

FLEET_APPROVE, FLEET_REJECT, FLEET_WITHDRAW = "fleet_approve", "fleet_reject", "fleet_withdraw"
FLEET_ADJUST = "fleet_adjust"
"""Leave hosts out."""
FLEET_STOP, FLEET_GO_ON = "fleet_stop", "fleet_go_on"
FLEET_ONE = "fleet_one"
"""A menu of the hosts: all of one host's plan; its id is the value."""
FLEET_ALONE = "fleet_alone"
"""Have one host's plan shown in a message of its own; the value is that plan's id."""

ASK_HOST = "ask_host"
"""The menu of hosts in the form that asks for a plan: its options, and what is chosen."""

# --- an alert -----------------------------------------------------------------------------------

ALERT_PLAN, ALERT_LOOK = "alert_plan", "alert_look"
"""Ask for the plan that ends an alert, and show the report of its host; the value is the host's name."""
ALERT_SNOOZE = "alert_snooze"
"""Let the alerts of a message sleep; the value is the message's id."""

# --- the audit ----------------------------------------------------------------------------------

AUDIT_DETAILS = "audit_details"
"""Show a cleanup's record."""
AUDIT_PAGE, AUDIT_EXPORT = "audit_page", "audit_export"
"""Turn to another page, or export; the value is where to go on, and the words of the filter."""
AUDIT_ALL = "audit_all"
"""List the latest cleanups that the person may read; its value means nothing."""

# --- the Home -----------------------------------------------------------------------------------

HOME_REFRESH = "home_refresh"
"""Draw a person's Home anew; its value means nothing."""
HOME_PAGE = "home_page"
"""Turn to another page of the list that follows the colon; the value is the page, from 0."""
HOME_TOLD = "home_told"
"""Choose how to be told of plans that wait; the value is the wish."""
HOME_OPEN = "home_open"
"""Follow a link; Slack tells of the click all the same."""

# --- forms (callback ids) -----------------------------------------------------------------------

APPROVE_PLAN = "approve_plan"
"""It carries the plan's id, and where to answer when that is not where the plan is."""
REJECT_REASON = "reject_reason"
HAND_PLAN = "hand_plan"
"""Asks somebody else to decide; it carries what the two above carry."""
ADJUST_PLAN = "adjust_plan"
FLEET_APPROVE_PLAN, FLEET_REJECT_REASON, FLEET_ADJUST_PLAN = (
    "fleet_approve_plan",
    "fleet_reason",
    "fleet_leave_out",
)
"""They carry the fleet's id, and where to answer."""
ASK_PLAN = "ask_plan"
"""It carries where it was asked for, if that was in a channel, and in which thread."""
SNOOZE_ALERT = "snooze_alert"
"""It carries the id of the alerts' message, and where that is."""
PICK_VOLUMES = "pick_volumes"
"""It carries the host's name."""

# --- shortcuts (callback ids, as the manifests have them) ---------------------------------------

PLAN_CLEANUP, PLAN_CLEANUP_HERE = "plan_cleanup", "plan_cleanup_here"
"""Ask for a plan by a form: anywhere, and from a message."""
