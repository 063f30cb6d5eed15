package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// throughput moves --bytes on --streams perf streams.
func throughput(d *dialer) (fields, error) {
	var g errgroup.Group
	for i := range d.streams {
		part := d.bytes / int64(d.streams)
		if i == 0 {
			part += d.bytes % int64(d.streams)
		}
		g.Go(func() error {
			switch d.dir {
			case "up":
				return perf(d, part, 0)
			case "down":
				return perf(d, 0, part)
			}
			return fmt.Errorf("--dir %q: up or down", d.dir)
		})
	}
	return fields{"bytes": d.bytes, "dir": d.dir, "streams": d.streams}, g.Wait()
}

func perf(d *dialer, up, down int64) error {
	s, err := d.open(perfID)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Write(binary.BigEndian.AppendUint64(nil, uint64(down))); err != nil {
		return err
	}
	if err := writeZeros(s, up); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	got, err := io.CopyBuffer(io.Discard, onlyReader{s}, make([]byte, blockSize))
	if err == nil && got != down {
		err = fmt.Errorf("asked for %d bytes, got %d", down, got)
	}
	return err
}

// streams opens --count echo streams, --concurrency at a time, for 32 bytes each.
func streams(d *dialer) (fields, error) {
	var g errgroup.Group
	g.SetLimit(d.concurrency)
	for range d.count {
		g.Go(func() error { return echoOnce(d) })
	}
	return fields{"count": d.count, "concurrency": d.concurrency}, g.Wait()
}

func echoOnce(d *dialer) error {
	s, err := d.open(echoID)
	if err != nil {
		return err
	}
	defer s.Close()
	var sent [32]byte
	rand.Read(sent[:])
	if _, err := s.Write(sent[:]); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(s)
	if err == nil && !bytes.Equal(got, sent[:]) {
		err = fmt.Errorf("echo differs: %d bytes of 32", len(got))
	}
	return err
}

// ping sends 32 bytes at a time on one ping stream and gives quantiles of the round trip.
func ping(d *dialer) (fields, error) {
	s, err := d.open(pingID)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	trips := make([]float64, d.count)
	var sent, got [32]byte
	for i := range trips {
		rand.Read(sent[:])
		start := time.Now()
		if _, err := s.Write(sent[:]); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(s, got[:]); err != nil {
			return nil, err
		}
		trips[i] = float64(time.Since(start).Nanoseconds()) / 1e3
		if sent != got {
			return nil, fmt.Errorf("pong %d differs from its ping", i)
		}
	}
	slices.Sort(trips)
	at := func(q float64) float64 { return trips[int(q*float64(len(trips)-1))] }
	return fields{"count": d.count, "p50_us": at(0.5), "p90_us": at(0.9), "p99_us": at(0.99)}, nil
}
