"""What becomes of the models that were trained on data in which a person was found."""

from collections.abc import Iterable
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.datasets.models import TrainedModel
from workflows.lookups.models import Match


def affected_models(case: Case) -> list[TrainedModel]:
    """Return the models trained on a snapshot in which something is the person's. One query.

    Also on one whose data were deleted meanwhile: the model has learnt from them all the same.
    """
    theirs = Match.objects.filter(case=case, verdict=Match.Verdict.THEIRS)
    models = TrainedModel.objects.filter(snapshots__in=theirs.values("snapshot"))
    return list(models.distinct())


def next_step(model: TrainedModel, *, changed: bool) -> str:
    """Return what is done about a model, as a sentence in the active language.

    `changed`: data on which it was trained are changed for this case. Where nothing is, only what
    becomes of the model is told, and nothing of a change.
    """
    day = model.next_training_on
    match model.next_training:
        case TrainedModel.NextTraining.WITHOUT if changed and day:
            what = _("it is trained next on %(day)s, on the changed data")
        case TrainedModel.NextTraining.WITHOUT if changed:
            what = _("its next training, on no fixed day yet, uses the changed data")
        case TrainedModel.NextTraining.WITHOUT if day:
            what = _("it is trained next on %(day)s")
        case TrainedModel.NextTraining.WITHOUT:
            what = _("it is trained again, on no fixed day yet")
        case TrainedModel.NextTraining.FILTER if changed:
            what = _("it is not trained again; what it says is filtered")
        case TrainedModel.NextTraining.FILTER:
            what = _("it is not trained again")
        case _:
            what = _("it is neither trained again nor filtered")
    what %= {"day": date_format(day, "DATE_FORMAT") if day else ""}
    line = _("%(model)s: %(what)s.") % {"model": model, "what": what}
    return f"{line} {model.explanation}".strip()


def retraining_day(models: Iterable[TrainedModel], today: date) -> date | None:
    """Return the day after which all models that are trained again have been; None if unknown."""
    again = [m for m in models if m.next_training == TrainedModel.NextTraining.WITHOUT]
    days = [m.next_training_on for m in again if m.next_training_on and m.next_training_on > today]
    return max(days) if days and len(days) == len(again) else None
