package main

import (
	"context"
	"io"
	"os"
	"sync/atomic"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"golang.org/x/sync/errgroup"
)

// handshakes connects and closes --count times; each worker is a host, since one host keeps one connection.
func handshakes(o *options) error {
	remote, err := peer.AddrInfoFromString(o.addr)
	if err != nil {
		return err
	}
	workers := make([]host.Host, o.concurrency)
	for i := range workers {
		if workers[i], err = newHost(o, libp2p.NoListenAddrs); err != nil {
			return err
		}
		defer workers[i].Close()
		workers[i].Peerstore().AddAddrs(remote.ID, remote.Addrs, peerstore.PermanentAddrTTL)
	}
	result, err := timed(func() (fields, error) {
		return fields{"count": o.count, "concurrency": o.concurrency, "identify": o.identify},
			shareHandshakes(o, workers, *remote)
	})
	if err != nil {
		return err
	}
	result["test"] = "handshakes"
	printLine(result)
	return nil
}

func shareHandshakes(o *options, workers []host.Host, remote peer.AddrInfo) error {
	var g errgroup.Group
	var taken atomic.Int64
	for _, h := range workers {
		g.Go(func() error {
			for taken.Add(1) <= int64(o.count) {
				if err := handshake(o, h, remote); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func handshake(o *options, h host.Host, remote peer.AddrInfo) (err error) {
	ctx := context.Background()
	if o.identify {
		err = h.Connect(ctx, remote)
	} else {
		_, err = h.Network().DialPeer(ctx, remote.ID)
	}
	if err != nil {
		return err
	}
	return h.Network().ClosePeer(remote.ID)
}

// idle holds --conns connections, each of an identity of its own, until stdin closes.
func idle(o *options) error {
	for range o.conns {
		h, err := newHost(o, libp2p.NoListenAddrs)
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := connect(context.Background(), h, o.addr); err != nil {
			return err
		}
	}
	printLine(fields{"test": "idle", "conns": o.conns})
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
