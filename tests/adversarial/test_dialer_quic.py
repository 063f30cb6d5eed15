"""Every row over QUIC that attacks one who dials, against `p2p ping`: it says in time that it could not, or that
the peer left."""

import evil  # first: it knows where cli.py is


class Dialer(evil.Dialer):
    def test_ping_survives_every_row(self):
        if not evil.speaks_quic():
            self.skipTest("this build has no QUIC")
        verdicts = {"QC-21.unasked": "n/a"}  # it takes datagrams
        passed = [self.survives(row, 6, verdicts.get(row, "survived"))
                  for row, layer in evil.rows("serve").items() if evil.is_quic(layer)]
        print(f"{sum(passed)} of {len(passed)} rows passed")


if __name__ == "__main__":
    evil.main()
