"""The columns of `evaluate` in words: a short title, which way is better, and the meaning."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COLUMNS", "Column", "column_of"]


class Column(NamedTuple):
    """A column's title, which values are better, and one sentence that explains it."""

    title: str
    better: str
    meaning: str


_P = "how often chance does as well: the share of random assignments of dances to music that do"
_RESPONSE = "as a share of the difference between two samples for one dance; above 1, it reacts"
_IN_TIME = "with that of the real music within each performance, in steps of 0.5 s"
_SHIFTED = "how often the same music, shifted in time, does as well"

COLUMNS: dict[str, Column] = {
    "retrieval_r1": Column(
        "retrieval",
        "higher",
        "how often a judge picks a dance's own music among that of other dances",
    ),
    "retrieval_mrr": Column(
        "reciprocal rank", "higher", "mean of 1/rank that a judge gives to a dance's own music"
    ),
    "retrieval_p": Column("p of retrieval", "lower", _P),
    "retrieval_of_real": Column(
        "retrieval, relative", "higher", "retrieval as a share of that of the real music"
    ),
    "distance_ratio": Column(
        "distance ratio",
        "1",
        "how different the dances' music is from each other's; 1 is as in real music, 0 is one "
        "music for all",
    ),
    "mantel_r": Column("Mantel r", "higher", "whether similar dances have similar music"),
    "mantel_p": Column("p of Mantel", "lower", _P),
    "log_gain": Column(
        "gain",
        "higher",
        "what the dance tells the model about the real music, in nats for each number of its code",
    ),
    "log_gain_p": Column("p of gain", "lower", _P),
    "energy_gain": Column(
        "energy gain", "higher", "by how much the dance lowers the energy score of the density"
    ),
    "amplified_response": Column(
        "response to size", "higher", f"change of the music if the dance is larger, {_RESPONSE}"
    ),
    "reversed_response": Column(
        "response to reversal", "higher", f"change of the music if it runs backwards, {_RESPONSE}"
    ),
    "half_tempo_response": Column(
        "response to tempo", "higher", f"change of the music at half the tempo, {_RESPONSE}"
    ),
    "amplified_p": Column("p of size", "lower", _P),
    "reversed_p": Column("p of reversal", "lower", _P),
    "half_tempo_p": Column("p of tempo", "lower", _P),
    "stop_fall": Column(
        "fall at a stop", "higher", "by how many dB the level falls while the dancer stands still"
    ),
    "stop_delay": Column(
        "delay of the fall", "lower", "seconds from the stop until the level is 20 dB lower"
    ),
    "stop_return_delay": Column(
        "delay of the return", "0", "seconds from the end of the stop until the level is back"
    ),
    "stop_elsewhere": Column(
        "change elsewhere", "lower", "by how many dB the level changes before and after the stop"
    ),
    "level_r": Column("level in time", "higher", f"correlation of the level {_IN_TIME}"),
    "brightness_r": Column("brightness in time", "higher", f"correlation of brightness {_IN_TIME}"),
    "onset_density_r": Column(
        "onsets in time", "higher", f"correlation of the density of onsets {_IN_TIME}"
    ),
    "level_r_p": Column("p of level", "lower", _SHIFTED),
    "brightness_r_p": Column("p of brightness", "lower", _SHIFTED),
    "onset_density_r_p": Column("p of onsets", "lower", _SHIFTED),
    "f70_music": Column(
        "beat", "higher", "how well the beats agree, within 70 ms, with those of the real music"
    ),
    "f70_dance": Column(
        "beat of the dance", "higher", "how well the beats agree, within 70 ms, with the dance's"
    ),
    "f1_5hz": Column(
        "onsets", "higher", "how well onsets agree, within bins of 0.2 s, with the real music's"
    ),
    "tempo_difference": Column(
        "tempo difference", "lower", "mean difference from the real music's tempo, in BPM"
    ),
    "bas_corrected": Column(
        "beat alignment", "higher", "how close the dance's beats are to the music's, beyond chance"
    ),
    "bas_aist": Column(
        "beat alignment (AIST++)", "higher", "as published; grows with the tempo of the music alone"
    ),
    "bas_bailando": Column(
        "beat alignment (Bailando)", "higher", "as published; grows with the number of dance beats"
    ),
    "key_clarity": Column(
        "key clarity", "higher", "how clearly the notes keep to a key, at most 1"
    ),
    "key_clarity_share": Column(
        "clear keys", "higher", "share of clips not below the real music's lower quartile"
    ),
    "pulse_clarity": Column(
        "pulse clarity", "higher", "how clear the pulse is, at most 1; a metronome has the clearest"
    ),
    "pulse_clarity_share": Column(
        "clear pulses", "higher", "share of clips not below the real music's lower quartile"
    ),
    "frechet_distance": Column(
        "Fréchet distance", "lower", "distance of the music's statistics from real music's"
    ),
}
_BY_TITLE = {column.title: column for column in COLUMNS.values()}


def column_of(name: str) -> Column | None:
    """Return what is known of a column by its name or title; None of any other."""
    name = str(name)
    if name.startswith(("d2m_", "loris_")):
        return Column(name, "", "beats in bins of 1 s; a metronome scores nearly as high as music")
    return COLUMNS.get(name, _BY_TITLE.get(name))
