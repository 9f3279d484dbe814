"""Garcia's base example: six tasks to sabotage, a response of 300 s, P_I = 0.476."""

from sarhad.kernels.easi import easi


def test_garcias_base_example() -> None:
    #            cut fence, run, open door, run, open door, sabotage
    p_detect = [0.0, 0.0, 0.9, 0.0, 0.9, 0.0]
    delay_s = [10, 12, 90, 10, 90, 120]
    delay_sd_s = [3, 3.6, 27, 3, 27, 36]
    p_interruption = easi(
        p_detect,
        delay_s,
        delay_sd_s,
        location="BBBBBB",  # each detection at the beginning of its task
        p_communication=0.95,
        response_s=300,
        response_sd_s=90,
    )
    assert round(p_interruption, 3) == 0.476

    # A response 60 s faster is worth more than a better sensor at the last door.
    faster = easi(
        p_detect, delay_s, delay_sd_s,
        location="BBBBBB", p_communication=0.95, response_s=240, response_sd_s=90,
    )  # fmt: skip
    better_sensor = easi(
        [0.0, 0.0, 0.9, 0.0, 0.99, 0.0], delay_s, delay_sd_s,
        location="BBBBBB", p_communication=0.95, response_s=300, response_sd_s=90,
    )  # fmt: skip
    assert faster > better_sensor
