package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/quic-go/quic-go"
)

const (
	volleySize      = 16 // under way at once
	datagramLongest = 1100
	datagramAgain   = 250 * time.Millisecond
)

// answerDatagrams sends back every datagram of a QUIC connection as it is; libp2p itself uses none there.
func answerDatagrams(_ network.Network, c network.Conn) {
	var q *quic.Conn
	if !c.As(&q) {
		return
	}
	go func() {
		for {
			d, err := q.ReceiveDatagram(q.Context())
			if err != nil {
				return
			}
			q.SendDatagram(d) // one that finds no room is lost, as any may be
		}
	}()
}

// datagram has its number in big-endian order, then bytes that follow from it: 4 to 1,100 in all.
func datagram(number int) []byte {
	d := make([]byte, 4+number*37%(datagramLongest-3))
	binary.BigEndian.PutUint32(d, uint32(number))
	for i := 4; i < len(d); i++ {
		d[i] = byte(number + 7*i)
	}
	return d
}

// datagrams sends --count of them, a few at a time, and again what does not come back.
func datagrams(d *dialer) (fields, error) {
	var q *quic.Conn
	for _, c := range d.host.Network().ConnsToPeer(d.remote) {
		if c.As(&q) {
			break
		}
	}
	if q == nil {
		return nil, errors.New("not a connection over QUIC")
	}
	var bytes, again int
	for from := 0; from < d.count; from += volleySize {
		missing := map[int]bool{}
		for i := from; i < min(from+volleySize, d.count); i++ {
			missing[i] = true
			bytes += len(datagram(i))
		}
		for len(missing) > 0 {
			if err := volley(q, from, missing); err != nil {
				return nil, err
			}
			again += len(missing)
		}
	}
	return fields{"bytes": bytes, "again": again}, nil
}

// volley sends what is missing and takes what comes back, for a while.
func volley(q *quic.Conn, from int, missing map[int]bool) error {
	for i := range missing {
		if err := q.SendDatagram(datagram(i)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(q.Context(), datagramAgain)
	defer cancel()
	for len(missing) > 0 {
		d, err := q.ReceiveDatagram(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		number := -1
		if len(d) >= 4 {
			number = int(binary.BigEndian.Uint32(d))
		}
		if number < 0 || number >= from+volleySize || string(d) != string(datagram(number)) {
			return fmt.Errorf("datagram %d came back changed: %d bytes", number, len(d))
		}
		delete(missing, number) // one of an earlier volley was sent twice
	}
	return nil
}
