"""Every row over TCP that attacks one who dials, against `p2p ping`: it says in time that it could not."""

import evil  # first: it knows where cli.py is


class Dialer(evil.Dialer):
    def test_ping_survives_every_row(self):
        network, _ = evil.network(self)
        verdicts = {"tls": "survived" if evil.speaks_tls() else "n/a"}
        passed = [self.survives(row, 2, verdicts.get(layer, "survived"), network if layer == "pnet" else ())
                  for row, layer in evil.rows("serve").items() if not evil.is_quic(layer)]
        print(f"{sum(passed)} of {len(passed)} rows passed")


if __name__ == "__main__":
    evil.main()
