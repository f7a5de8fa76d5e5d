"""Poses and features over real UDP, in both styles of addresses."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf import make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.live import OSCReceiver, OSCSender, StreamingDancer
from sklearn_asdf.live._packets import messages

udp_client = pytest.importorskip("pythonosc.udp_client")


@pytest.fixture
def receiver():
    with OSCReceiver(3, 2, port=0) as poses:
        yield poses


@pytest.fixture
def send(receiver):
    with udp_client.SimpleUDPClient("127.0.0.1", receiver.port) as client:
        yield client.send_message


POSE = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize(
    "address",
    ["/wek/inputs", "/mocap/0/joint/pos_world", "/mocap/0/joint/pos2d_world",
     "/mocap/joint/pos_world"],
)  # fmt: skip
def test_poses_come_from_either_programs_addresses(address, receiver, send):
    send(address, POSE.ravel().tolist())
    pose, _ = next(receiver.poses(timeout=5))
    np.testing.assert_array_equal(pose, POSE)
    assert receiver.n_received == 1


def test_times_run_forwards(receiver, send):
    for _ in range(20):
        send("/wek/inputs", POSE.ravel().tolist())
    poses = receiver.poses(timeout=5)
    times = [next(poses)[1] for _ in range(20)]
    assert (np.diff(times) >= 0).all()


def test_joints_of_low_visibility_are_not_seen(receiver, send):
    send("/mocap/0/joint/visibility", [0.9, 0.1, float("nan")])
    send("/mocap/0/joint/pos_world", POSE.ravel().tolist())
    pose, _ = next(receiver.poses(timeout=5))
    assert np.isnan(pose).all(axis=1).tolist() == [False, True, True]


def test_other_people_and_other_messages_are_not_listened_to(receiver, send):
    send("/mocap/1/joint/pos_world", POSE.ravel().tolist())
    send("/mocap/0/joint/rot_world", [0.0] * 12)
    send("/wek/outputs", [0.0] * 6)
    send("/wek/inputs", (POSE + 1).ravel().tolist())
    pose, _ = next(receiver.poses(timeout=5))
    np.testing.assert_array_equal(pose, POSE + 1)
    assert receiver.n_received == 1
    assert receiver.n_refused == 0


def test_what_is_no_pose_is_counted_and_nothing_printed(receiver, send, capfd):
    send("/wek/inputs", [1.0, 2.0])
    send("/wek/inputs", ["a"] * 6)
    send("/mocap/0/joint/visibility", [1.0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
        raw.sendto(b"/wek/inputs\0,zz\0\0\0\0\0garbage", ("127.0.0.1", receiver.port))
        raw.sendto(b"\xff\xfe", ("127.0.0.1", receiver.port))
    send("/wek/inputs", POSE.ravel().tolist())
    next(receiver.poses(timeout=5))
    assert receiver.n_refused >= 3
    assert receiver.n_received == 1
    assert capfd.readouterr().err == ""


def padded(text):
    return text + b"\0" * (4 - len(text) % 4)


def message(values=tuple(range(6)), address=b"/wek/inputs"):
    types = b"," + b"f" * len(values)
    return padded(address) + padded(types) + struct.pack(f">{len(values)}f", *values)


def bundle(*elements, ahead=0.0):
    """A bundle whose time tag lies so many seconds ahead; None is at once."""
    seconds = time.time() + ahead + 2_208_988_800 if ahead is not None else 0
    tag = struct.pack(">II", int(seconds), 0 if ahead is not None else 1)
    sized = (struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + tag + b"".join(sized)


@pytest.fixture
def send_bytes(receiver):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
        yield lambda packet: raw.sendto(packet, ("127.0.0.1", receiver.port))


@pytest.mark.parametrize("ahead", [None, -1e6, 0.0, 45.0, 1e6])
@pytest.mark.parametrize("nested", [False, True])
def test_time_tags_never_wait(receiver, send_bytes, ahead, nested):
    packet = bundle(message(), ahead=ahead)
    send_bytes(bundle(packet, ahead=ahead) if nested else packet)
    began = time.monotonic()
    pose, at = next(receiver.poses(timeout=5))
    np.testing.assert_array_equal(pose, POSE)
    assert at - began < 1
    receiver.close()
    assert time.monotonic() - began < 2


def test_all_messages_of_a_bundle_count_in_their_order(receiver, send_bytes):
    sure = message([0.9, 0.1, 0.9], b"/mocap/0/joint/visibility")
    send_bytes(bundle(sure, message(), bundle(message(POSE.ravel() + 1)), ahead=45))
    poses = receiver.poses(timeout=5)
    first, second = next(poses)[0], next(poses)[0]
    assert np.isnan(first).all(axis=1).tolist() == [False, True, False]
    np.testing.assert_array_equal(second[0], POSE[0] + 1)


def deep(n):
    packet = message()
    for _ in range(n):
        packet = bundle(packet)
    return packet


DAMAGED = {
    "empty": b"",
    "no address": b"garbage" * 9,
    "cut off": message()[:-5],
    "no end of the address": b"/wek/inputs",
    "address of no letters": b"/\xff\xfe\xfd" + message()[12:],
    "unknown type": padded(b"/wek/inputs") + padded(b",zz"),
    "no comma": padded(b"/wek/inputs") + padded(b"ffffff") + bytes(24),
    "open bracket": padded(b"/wek/inputs") + padded(b",[[[ff"),
    "many brackets": padded(b"/wek/inputs") + padded(b"," + b"[" * 30_000),
    "text": padded(b"/wek/inputs") + padded(b",ssssss") + padded(b"a") * 6,
    "size of nothing": b"#bundle\0" + bytes(8) + struct.pack(">i", 0),
    "negative size": b"#bundle\0" + bytes(8) + struct.pack(">i", -4) + bytes(8),
    "size beyond the end": b"#bundle\0" + bytes(8) + struct.pack(">i", 2**31 - 4),
    "half a size": b"#bundle\0" + bytes(8) + b"\0\0",
    "no time tag": b"#bundle\0" + bytes(3),
    "very deep": deep(200),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_packets_are_counted_and_the_next_pose_comes(
    receiver, send_bytes, name, capfd, caplog
):
    send_bytes(DAMAGED[name])
    send_bytes(message())
    np.testing.assert_array_equal(next(receiver.poses(timeout=5))[0], POSE)
    assert (receiver.n_received, receiver.n_refused) == (1, 1)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@given(st.binary(max_size=200), st.booleans())
def test_no_packet_raises_anything_else_or_goes_on_for_ever(content, as_bundle):
    packet = b"#bundle\0" + content if as_bundle else b"/wek" + content
    with contextlib.suppress(ValueError):
        assert len(list(messages(packet))) <= 50


def test_coordinates_beyond_all_measure_are_joints_not_seen(receiver, send_bytes):
    values = [0.0, 1.0, 3e38, 2.0, float("inf"), 5.0]
    send_bytes(message(values))
    pose, _ = next(receiver.poses(timeout=5))
    assert np.isnan(pose).all(axis=1).tolist() == [False, True, True]


def test_closing_twice_and_while_packets_come(receiver, send_bytes):
    for _ in range(2000):
        send_bytes(message())
    began = time.monotonic()
    receiver.close()
    receiver.close()
    assert time.monotonic() - began < 2


def test_nobody_waits_for_ever_and_what_waits_is_bounded(receiver):
    assert list(receiver.poses(timeout=0.05)) == []
    for i in range(1000):
        receiver._hear("/wek/inputs", *([float(i)] * 6))
    found = receiver.waiting()
    assert len(found) == 600
    assert found[-1][0][0, 0] == 999
    assert receiver.waiting() == []


def test_a_port_that_is_taken_is_a_sentence(receiver):
    with pytest.raises(OSError, match="another program may be listening there"):
        OSCReceiver(3, 2, port=receiver.port)


@pytest.mark.parametrize("change", [{"n_joints": 0}, {"n_axes": 4}, {"port": -1}, {"person": -1}])
def test_parameters_are_checked(change):
    with pytest.raises(ValueError, match=f"expected {next(iter(change))} from"):
        OSCReceiver(**({"n_joints": 3, "n_axes": 2} | change))


def hear(sock):
    from pythonosc.osc_message import OscMessage

    message = OscMessage(sock.recv(65536))
    return message.address, list(message.params)


@pytest.fixture
def listener():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


NAMES = ["window1_weight", "window1_time", "window2_weight", "window2_time", "clip_tempo"]


def test_features_go_to_wekinator_as_one_message(listener):
    with OSCSender(NAMES, port=listener.getsockname()[1]) as sender:
        sender.send(None)
        sender.send([1.0, 2.0, 3.0, 4.0, 5.0])
    assert hear(listener) == ("/wek/inputs", [1, 2, 3, 4, 5])


def test_features_go_to_the_ai_toolbox_by_name(listener):
    with OSCSender(NAMES, port=listener.getsockname()[1], style="ai-toolbox") as sender:
        sender.send([1.0, 2.0, 3.0, 4.0, 5.0])
    assert [hear(listener) for _ in range(3)] == [
        ("/mocap/0/lma/weight", [1, 3]),
        ("/mocap/0/lma/time", [2, 4]),
        ("/mocap/0/lma/clip_tempo", [5]),
    ]
    with pytest.raises(ValueError, match=r"Did you mean 'wekinator'\?"):
        OSCSender(NAMES, style="wekinatr")


def test_an_address_that_is_none_is_a_sentence():
    with pytest.raises(OSError, match="expected an address that OSC can be sent to"):
        OSCSender(NAMES, host="no where")


def test_from_poses_to_features_over_the_network():
    dance = make_dance_music(1, clip_duration=3.0, random_state=0).poses
    lma = make_lma_pipeline(n_keyframes=3).fit(dance)
    live = StreamingDancer(lma, clip_duration=1.0, hop_duration=0.2)
    moments = []
    with (
        OSCReceiver(17, 2, port=0) as receiver,
        udp_client.SimpleUDPClient("127.0.0.1", receiver.port) as client,
    ):
        for pose in dance.position[0, :45]:
            client.send_message("/wek/inputs", pose.ravel().tolist())
            time.sleep(1 / 30)
            for came, at in receiver.waiting():
                moments += live.feed(came, at)
    assert moments
    assert all(np.isfinite(m.features).all() for m in moments)
