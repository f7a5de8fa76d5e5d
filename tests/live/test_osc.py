"""Poses and features over real UDP, in both styles of addresses."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from sklearn_asdf import make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.live import OSCReceiver, OSCSender, StreamingDancer

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
