"""What the states, actions, findings and reasons of a complaint are called on a screen."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from workflows.common.state_machine import Refusal
from workflows.complaints.lifecycle import Action, State

STATE_NAMES = {
    State.RECEIVED: pgettext_lazy("complaint", "Received"),
    State.ACKNOWLEDGED: pgettext_lazy("complaint", "Acknowledged"),
    State.IN_HANDLING: pgettext_lazy("complaint", "Under review"),
    State.ANSWERED: pgettext_lazy("complaint", "Answered"),
    State.CLOSED: pgettext_lazy("complaint", "Closed"),
    State.WITHDRAWN: pgettext_lazy("complaint", "Withdrawn"),
}

ACTION_NAMES = {
    Action.ACKNOWLEDGE: _("Acknowledge the complaint"),
    Action.TAKE_UP: _("Take up the complaint"),
    Action.TELL_PROGRESS: _("Tell how far it is"),
    Action.ANSWER: _("Answer the complaint"),
    Action.CLOSE: _("Close the complaint"),
    Action.WITHDRAW: _("Withdraw the complaint"),
    Action.END_ERASED: _("End the complaint with its erased words"),
    Action.REMIND: _("Remind of the complaint"),
    Action.MARK_LATE: _("Mark the complaint as late"),
}

# Why a move is refused, as a sentence for the person who tried.
REASONS = {
    Refusal.WRONG_STATE: _("This cannot be done in the state in which the complaint is now."),
    Refusal.WRONG_ROLE: _("Your role may not do this."),
    "own_decision": _("You took part in what is complained about; somebody else has to handle it."),
}
