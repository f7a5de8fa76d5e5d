"""What to try next: for each weakness that a report finds, what changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ._beats import MIN_DURATION_OF_BEATS, Beats, between_beats, tempo_of
from ._description import Description
from ._evidence import Evidence

__all__ = ["Advice", "advice_of", "advice_of_movement", "in_studio", "lies_between"]

# A share of joints and frames above which nothing needs to be filmed again.
_ENOUGH_SEEN = 0.9
# Relative difference of tempi that are one, and those that are at another level of the metre.
_SAME_TEMPO = 0.04
_TAP = "In the studio: “Tap the beat”."


@dataclass(frozen=True)
class Advice:
    """What is weak, what to do, and by which options of the command or control of the studio."""

    weak: str
    remedy: str
    options: str = ""
    control: str = ""


def in_studio(item: Advice) -> Advice:
    """Return advice that names the control of the studio in place of options."""
    return replace(item, remedy=f"{item.remedy} {item.control}".strip(), options="")


def lies_between(beats: Beats) -> bool:
    """Return whether the first sound has the tempo of the dance, and lies between its beats.

    False where the beats of the dance were given, or none were found.
    """
    if beats.given or beats.dance is None:
        return False
    music = next(iter(beats.sounds.values()))
    same = abs(tempo_of(music) / tempo_of(beats.dance) - 1) < _SAME_TEMPO
    return same and between_beats(beats.dance, music)


def advice_of(
    evidence: list[Evidence],
    beats: Beats,
    described: Description | None,
    duration: float,
    *,
    by_rule: bool,
    tracks_beats: bool,
) -> list[Advice]:
    """Return what to try next for a dance with its music, the most useful first.

    `by_rule` is whether the model is a soundtrack, and `tracks_beats` whether beats can be given.
    """
    found = []
    for item in evidence:
        if item.subject == "Beat" and item.word != "clear":
            found.append(_of_beat(item, beats, duration, tracks_beats))
        elif item.subject == "Loudness" and item.word != "clear":
            found.append(_of_loudness(item, by_rule))
        elif item.subject == "The model" and item.word in ("some", "none"):
            found.append(
                Advice(
                    "The model has learned too little of such dances.",
                    "Let it learn from more of them with their music, twenty minutes or more, and "
                    "of the same style.",
                )
            )
    return [*found, *advice_of_movement(described)]


def advice_of_movement(described: Description | None) -> list[Advice]:
    """Return what to try next for the movement alone."""
    if described is None:
        return [
            Advice(
                "The dancer is seen in too few frames.",
                "Film again: one person, the whole body in the picture, light from the front.",
            )
        ]
    found = []
    seen = float(described.table["seen"].mean())
    if seen < _ENOUGH_SEEN:
        found.append(
            Advice(
                f"Only {100 * seen:.0f} % of the joints and frames were seen.",
                "Film with the whole body in the picture, or fill the gaps in the program of the "
                "motion capture.",
            )
        )
    for note in described.notes:
        found.append(Advice(note, ""))
    if described.unweighted:
        found.append(
            Advice(
                f"The joints {described.unweighted}, so all of them have equal weights.",
                "Name the joints in the file, or say which markers stand for them.",
                "--joints",
            )
        )
    return found


def _of_beat(item: Evidence, beats: Beats, duration: float, tracks_beats: bool) -> Advice:
    if duration < MIN_DURATION_OF_BEATS:
        return Advice(
            "The dance is too short for a beat.", "Take a longer part of it, half a minute or more."
        )
    if not tracks_beats:
        return Advice(
            "The music is not on the beat.",
            "This model finds no beat in a dance: a soundtrack and the presets default and "
            "synthesis do.",
        )
    if item.strength is None or beats.dance is None:
        options = " or ".join(f"--bpm {tempo:.0f}" for tempo in beats.alternatives[:2])
        return Advice(
            "No clear beat was found in the movement.",
            "Listen, and if the music is off, tap the beat in the studio, or say the tempo. In a "
            "dance without a beat, take music without a strong one.",
            options or "--bpm 96",
            _TAP if not options else _tempo_field(*beats.alternatives[:2]),
        )
    music = next(iter(beats.sounds.values()))
    if beats.given:
        heard = f" (a program hears {tempo_of(music):.0f} BPM)" if tempo_of(music) else ""
        return Advice(
            f"The beat that you gave is hardly heard in this music{heard}.",
            "Trust your ears. If it is off, check tempo and moment of the beat, or take music with "
            "a clearer beat.",
        )
    tempo, own = tempo_of(music), tempo_of(beats.dance)
    if lies_between(beats):
        return Advice(
            "The music has the tempo of the dance, but lies between its beats.",
            "Shift the beat by half of one.",
            "--shift-beat 0.5",
            "In the studio, press “Again, half a beat later” at the take.",
        )
    if tempo and abs(tempo / own - 1) >= _SAME_TEMPO:
        return Advice(
            f"The music has {tempo:.0f} BPM, and the movement, looked at alone, {own:.0f} BPM.",
            "Watch the dance with the music. If the music is off, give the tempo, or tap the beat "
            "in the studio.",
            f"--bpm {own:.0f}",
            _tempo_field(own),
        )
    return Advice(
        "Music and movement have one tempo, but meet on few beats.",
        "Give the moment of one beat, or tap the beat in the studio. Cut off what is no dance: "
        "one sequence of beats goes through the whole video.",
        f"--bpm {own:.0f} --beat-at 2.4",
        _TAP,
    )


def _tempo_field(*tempi: float) -> str:
    written = " or ".join(f"{tempo:.0f}" for tempo in tempi)
    return f"In the studio: Fine-tune, “Beats per minute, if you know them”, {written}."


def _of_loudness(item: Evidence, by_rule: bool) -> Advice:
    if item.strength is None:
        return Advice(
            "The dancer moves evenly.",
            "There is nothing for the loudness to follow. Choose calm or wild music as a whole.",
            "--energy -1 to 1" if by_rule else "",
            "In the studio: Fine-tune, “Calm or wild?”." if by_rule else "",
        )
    if by_rule:
        return Advice(
            "The loudness hardly follows the movement.",
            "Let it follow more closely, and give music with calm and loud parts.",
            "--follow 2",
            "In the studio: Fine-tune, “How closely does the music follow the dance?”.",
        )
    return Advice(
        "The loudness hardly follows the movement.",
        "A model needs dances with calm and vigorous parts to learn that from. A soundtrack "
        "follows by a rule, without learning.",
    )
