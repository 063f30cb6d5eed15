"""Every row that attacks one who dials, against `p2p ping`: it says in time that it could not."""

import json

import evil  # first: it knows where cli.py is
import cli


class Dialer(cli.Case):
    def test_ping_survives_every_row(self):
        verdicts = {"tls": "survived" if evil.speaks_tls() else "n/a"}
        for row, layer in evil.rows("serve").items():
            if evil.is_quic(layer) and not evil.speaks_quic():
                continue
            with self.subTest(row):
                server = self.child("--answer", evil.ANSWER, "--patience", evil.PATIENCE, "serve", row, program=evil.EVIL)
                address = json.loads(server.line())["listening"]
                done = cli.run("ping", address, "--count", 1, "--timeout", 2)
                self.assertEqual(done.code, 1, f"{done.out}{done.err}")
                self.assertEqual(json.loads(server.line()), {"row": row, "verdict": verdicts.get(layer, "survived")})
                self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    evil.main()
