"""Instructions to pipelines, and the list of what models must not put out."""

from workflows.corrections.models.instruction import Instruction
from workflows.corrections.models.suppression import ListVersion, Suppression

__all__ = ["Instruction", "ListVersion", "Suppression"]
