package main

import (
	"errors"
	"flag"
	"fmt"
)

// options holds every option of the contract; a test reads those it knows.
type options struct {
	transport, security, muxer, keyType string
	listen, addr, gossip, psk           string

	dir, by              string
	bytes, after         int64
	streams, count, held int
	concurrency, conns   int
	identify             bool
}

func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	f.StringVar(&o.transport, "transport", "tcp", "tcp or quic")
	f.StringVar(&o.security, "security", "noise", "noise, tls or plaintext")
	f.StringVar(&o.muxer, "muxer", "yamux", "yamux")
	f.StringVar(&o.keyType, "key-type", "ed25519", "ed25519, secp256k1, ecdsa or rsa")
	f.StringVar(&o.listen, "listen", "", "address to listen on; loopback and port 0 when absent")
	f.StringVar(&o.addr, "addr", "", "address to dial, with /p2p/ID")
	f.StringVar(&o.psk, "psk", "", "file of a pre-shared key")
	f.StringVar(&o.gossip, "gossip", "", "not built into this peer")
	f.StringVar(&o.dir, "dir", "down", "up or down")
	f.StringVar(&o.by, "by", "dialer", "who resets: dialer or remote")
	f.Int64Var(&o.bytes, "bytes", 10<<20, "bytes in all")
	f.Int64Var(&o.after, "after", 64<<10, "bytes before the reset")
	f.IntVar(&o.streams, "streams", 1, "streams that share the bytes")
	f.IntVar(&o.count, "count", 1000, "repetitions")
	f.IntVar(&o.held, "open", 200, "streams open at once")
	f.IntVar(&o.concurrency, "concurrency", 1, "repetitions in flight")
	f.IntVar(&o.conns, "conns", 1, "connections")
	f.BoolVar(&o.identify, "identify", false, "wait for identify in each handshake")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.gossip != "" {
		return nil, errors.New("gossip is not built into this peer")
	}
	return o, nil
}
