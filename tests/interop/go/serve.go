package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

// serve listens, answers the protocols of the contract and obeys stdin until it ends.
func serve(o *options) error {
	listen := o.listen
	if listen == "" {
		listen = map[string]string{"tcp": "/ip4/127.0.0.1/tcp/0", "quic": "/ip4/127.0.0.1/udp/0/quic-v1"}[o.transport]
	}
	h, err := newHost(o, libp2p.ListenAddrStrings(listen))
	if err != nil {
		return err
	}
	defer h.Close()
	var accepted atomic.Int64
	h.Network().Notify(&network.NotifyBundle{ConnectedF: func(network.Network, network.Conn) { accepted.Add(1) }})
	h.Network().Notify(&network.NotifyBundle{ConnectedF: answerDatagrams})
	h.SetStreamHandler(echoID, answerEcho)
	h.SetStreamHandler(perfID, answerPerf)
	h.SetStreamHandler(resetID, answerReset)
	for _, a := range h.Network().ListenAddresses() {
		printLine(fields{"listening": fmt.Sprintf("%s/p2p/%s", a, h.ID())})
	}
	return obey(h, &accepted)
}

func obey(h host.Host, accepted *atomic.Int64) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "mem":
			printLine(memory(len(h.Network().Conns()), accepted.Load()))
		case "quit":
			return nil
		default:
			fmt.Fprintf(os.Stderr, "go peer: unknown command %q\n", lines.Text())
		}
	}
	return lines.Err()
}

// memory reports what is in use after free memory went back to the system.
func memory(conns int, accepted int64) fields {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var total, resident int64
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		fmt.Sscan(string(statm), &total, &resident)
	}
	return fields{"rss": resident * int64(os.Getpagesize()), "heap": m.HeapAlloc, "conns": conns, "accepted": accepted}
}
