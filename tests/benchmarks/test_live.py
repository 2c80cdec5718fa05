"""What `./run bench live` makes of answers."""

from benchmarks.live import Seen


def test_what_was_shown_before_it_holds_counts_from_the_first_answer_after():
    """An exclusion that begins soon is avoided before: the traveller comes by later."""
    seen = Seen([(0.0, 0.1, False), (0.2, 0.3, True), (0.4, 0.5, True)])
    assert seen.is_new
    assert seen.shown_since(0.25) == 0.3
    assert seen.shown_since(0.45) == 0.5
    assert seen.shown_since(2.0) is None
