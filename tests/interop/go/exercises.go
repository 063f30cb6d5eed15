package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"golang.org/x/sync/errgroup"
)

const resetCode = 42 // any number that is not zero, so that a lost code shows

// echo sends --bytes while it compares what returns, finishes, and wants the end after the last byte.
func echo(d *dialer) (fields, error) {
	s, err := d.open(echoID)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var g errgroup.Group
	g.Go(func() error {
		if err := writePattern(s, d.bytes); err != nil {
			return err
		}
		return s.CloseWrite()
	})
	got, err := comparePattern(s)
	if err == nil {
		err = g.Wait()
	}
	if err == nil && got != d.bytes {
		err = fmt.Errorf("sent %d bytes, %d came back", d.bytes, got)
	}
	return fields{"bytes": got}, err
}

// reset writes --after bytes to an echo stream and resets it; with --by remote it asks the other side to.
func reset(d *dialer) (fields, error) {
	if d.by == "remote" {
		return resetByRemote(d)
	}
	s, err := d.open(echoID)
	if err != nil {
		return nil, err
	}
	go io.Copy(io.Discard, s) // so that the echo never stops for a full window
	if err := writePattern(s, d.after); err != nil {
		return nil, err
	}
	if err := s.ResetWithError(resetCode); err != nil {
		return nil, err
	}
	// The connection must survive; and go closes TCP with RST, which could overtake the reset frame.
	return fields{"bytes": d.after, "code": resetCode}, echoOnce(d)
}

func resetByRemote(d *dialer) (fields, error) {
	s, err := d.open(resetID)
	if err != nil {
		return nil, err
	}
	if _, err := s.Write(binary.BigEndian.AppendUint32(nil, resetCode)); err != nil {
		return nil, err
	}
	_, err = s.Read(make([]byte, 1))
	code, ok := remoteReset(err)
	if !ok {
		return nil, fmt.Errorf("wanted a reset, saw: %v", err)
	}
	return fields{"bytes": 4, "code": code}, nil
}

// identify prints what the remote said about itself.
func identify(d *dialer) (fields, error) {
	said := (<-d.identified.Out()).(event.EvtPeerIdentificationCompleted)
	addrs := []string{}
	for _, a := range said.ListenAddrs {
		addrs = append(addrs, a.String())
	}
	return fields{
		"bytes": 0, "peer": said.Peer.String(), "agent_version": said.AgentVersion,
		"protocol_version": said.ProtocolVersion, "protocols": said.Protocols,
		"listen_addrs": addrs, "observed_addr": said.ObservedAddr.String(),
	}, nil
}

// many opens --count streams one after the other, then --open at once, all of them echoing.
func many(d *dialer) (fields, error) {
	for range d.count {
		if err := echoOnce(d); err != nil {
			return nil, err
		}
	}
	held := make([]network.Stream, d.held)
	for i := range held {
		s, err := d.open(echoID)
		if err != nil {
			return nil, err
		}
		held[i] = s
		if err := writePattern(s, 32); err != nil {
			return nil, err
		}
	}
	if err := endHeld(held); err != nil {
		return nil, err
	}
	return fields{"bytes": 32 * int64(d.count+len(held))}, nil
}

// endHeld reads each stream's echo while all are open, then finishes each and wants its end.
func endHeld(held []network.Stream) error {
	var echoed [32]byte
	for _, s := range held {
		if _, err := io.ReadFull(s, echoed[:]); err != nil {
			return err
		}
		if at := mismatch(echoed[:], 0); at >= 0 {
			return fmt.Errorf("echo differs at byte %d", at)
		}
	}
	for _, s := range held {
		if err := s.CloseWrite(); err != nil {
			return err
		}
		if _, err := s.Read(echoed[:]); !errors.Is(err, io.EOF) {
			return fmt.Errorf("wanted the end of the stream, got: %v", err)
		}
		s.Close()
	}
	return nil
}
