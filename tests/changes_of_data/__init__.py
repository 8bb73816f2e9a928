"""Changes in the data as a model: people are found, judged and taken out, whatever goes wrong."""
