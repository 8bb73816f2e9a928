"""The terms of Croissant that both ways share."""

from typing import Any

from workflows.vocabulary.outcomes import Scope

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
RAI = "http://mlcommons.org/croissant/RAI/1.0"

# The context that the specification recommends, with the namespace of provenance.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "conformsTo": "dct:conformsTo",
    **{
        term: f"cr:{term}"
        for term in [
            "annotation",
            "arrayShape",
            "citeAs",
            "column",
            "containedIn",
            "equivalentProperty",
            "excludes",
            "extract",
            "field",
            "fileProperty",
            "fileObject",
            "fileSet",
            "format",
            "includes",
            "isArray",
            "isLiveDataset",
            "jsonPath",
            "key",
            "md5",
            "parentField",
            "path",
            "recordSet",
            "references",
            "regex",
            "repeated",
            "replace",
            "samplingRate",
            "readLines",
            "sdVersion",
            "separator",
            "source",
            "subField",
            "transform",
            "unArchive",
            "value",
        ]
    },
}

# Our fields of a dataset that are a text of theirs.
TEXTS = {
    "name": "name",
    "description": "description",
    "licence": "license",
    "scale": "size",
    "origin": "rai:dataCollection",
    "labelling_rules": "rai:dataAnnotationProtocol",
    "retention": "rai:dataReleaseMaintenancePlan",
}
USE_CASES = {
    Scope.RAW_COLLECTION: "Raw collection",
    Scope.TRAINING_SNAPSHOT: "Training",
    Scope.FINE_TUNING: "Fine Tuning",
    Scope.MODEL: "Model",
    Scope.PROMPTS_OUTPUTS: "Prompts and outputs",
}
LEGAL_BASIS = "Legal basis"

LIVE = "isLiveDataset"
TABLE_SCHEME = "postgresql:"
