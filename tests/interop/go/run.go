package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// dialer is one connection under test.
type dialer struct {
	*options
	ctx        context.Context
	host       host.Host
	remote     peer.ID
	identified event.Subscription // subscribed before the connection, so that no answer is missed
}

func (d *dialer) open(id string) (network.Stream, error) {
	return d.host.NewStream(d.ctx, d.remote, protocol.ID(id))
}

// Tests that need one connection: the first group is timed, the second judged.
var measured = map[string]func(*dialer) (fields, error){
	"throughput": throughput, "streams": streams, "ping": ping,
}
var exercises = map[string]func(*dialer) (fields, error){
	"echo": echo, "reset": reset, "identify": identify, "many": many, "datagrams": datagrams,
}

func run(test string, o *options) error {
	switch test {
	case "handshakes":
		return handshakes(o)
	case "idle":
		return idle(o)
	case "gossip":
		return fmt.Errorf("gossip is not built into this peer")
	}
	if f, ok := measured[test]; ok {
		return runMeasured(test, o, f)
	}
	if f, ok := exercises[test]; ok {
		return runExercise(test, o, f)
	}
	return fmt.Errorf("unknown test %q", test)
}

func newDialer(o *options) (*dialer, error) {
	h, err := newHost(o, libp2p.NoListenAddrs)
	if err != nil {
		return nil, err
	}
	seen, err := h.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return nil, err
	}
	d := &dialer{options: o, ctx: context.Background(), host: h, identified: seen}
	d.remote, err = connect(d.ctx, h, o.addr)
	return d, err
}

func runMeasured(test string, o *options, f func(*dialer) (fields, error)) error {
	d, err := newDialer(o)
	if err != nil {
		return err
	}
	defer d.host.Close()
	result, err := timed(func() (fields, error) { return f(d) })
	if err != nil {
		return err
	}
	result["test"] = test
	printLine(result)
	return nil
}

// runExercise prints a verdict in any case: a failed exercise is a result, with its cause.
func runExercise(test string, o *options, f func(*dialer) (fields, error)) error {
	d, err := newDialer(o)
	result := fields{}
	if err == nil {
		defer d.host.Close()
		result, err = f(d)
	}
	if result == nil {
		result = fields{}
	}
	result["test"], result["ok"] = test, err == nil
	if err != nil {
		result["error"] = err.Error()
	}
	printLine(result)
	if err != nil {
		return fmt.Errorf("%s: %w", test, err)
	}
	return nil
}

// timed adds the wall and CPU seconds of f to its result.
func timed(f func() (fields, error)) (fields, error) {
	start, cpu := time.Now(), cpuSeconds()
	result, err := f()
	if err != nil {
		return nil, err
	}
	seconds := time.Since(start).Seconds()
	result["seconds"], result["cpu"] = seconds, cpuSeconds()-cpu
	if n, ok := result["bytes"].(int64); ok {
		result["gbit_s"] = float64(n) * 8 / seconds / 1e9
	}
	if n, ok := result["count"].(int); ok {
		result["per_s"] = float64(n) / seconds
	}
	return result, nil
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
