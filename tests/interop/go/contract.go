package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// contract is what the environment says, in either dialect of libp2p's own transport tests: lower case
// (test-plans) or upper case (unified-testing).
type contract struct {
	unified, dials bool
	o              *options
	ip, redis, key string
	timeout        time.Duration
}

func readContract() (*contract, error) {
	_, unified := os.LookupEnv("IS_DIALER")
	said := func(upper, lower, standard string) string {
		name := lower
		if unified {
			name = upper
		}
		if value := os.Getenv(name); value != "" {
			return value
		}
		return standard
	}
	seconds, err := strconv.Atoi(said("TEST_TIMEOUT_SECS", "test_timeout_seconds", "180"))
	c := &contract{
		unified: unified,
		dials:   said("IS_DIALER", "is_dialer", "false") == "true",
		o: &options{
			transport: strings.Replace(said("TRANSPORT", "transport", "tcp"), "quic-v1", "quic", 1),
			security:  said("SECURE_CHANNEL", "security", "noise"),
			muxer:     said("MUXER", "muxer", "yamux"),
			keyType:   "ed25519",
		},
		ip:      said("LISTENER_IP", "ip", "0.0.0.0"),
		redis:   said("REDIS_ADDR", "redis_addr", "redis:6379"),
		key:     "listenerAddr",
		timeout: time.Duration(seconds) * time.Second,
	}
	if unified {
		c.key = os.Getenv("TEST_KEY") + "_listener_multiaddr"
	}
	return c, err
}

func transportTest() error {
	c, err := readContract()
	if err != nil {
		return err
	}
	if c.dials {
		return c.dial()
	}
	return c.listen()
}

// listen tells where and waits to be ended.
func (c *contract) listen() error {
	at := map[string]string{"tcp": "/ip4/%s/tcp/0", "quic": "/ip4/%s/udp/0/quic-v1"}[c.o.transport]
	if at == "" {
		return fmt.Errorf("transport %q: this peer knows tcp and quic", c.o.transport)
	}
	h, err := newHost(c.o, libp2p.ListenAddrStrings(fmt.Sprintf(at, c.ip)))
	if err != nil {
		return err
	}
	defer h.Close()
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		return err
	}
	addr, err := reachable(addrs)
	if err != nil {
		return err
	}
	if _, err := c.ask("RPUSH", c.key, fmt.Sprintf("%s/p2p/%s", addr, h.ID())); err != nil {
		return err
	}
	time.Sleep(c.timeout)
	return errors.New("nobody ended the listener in time")
}

// reachable is the first address that others can reach.
func reachable(addrs []ma.Multiaddr) (ma.Multiaddr, error) {
	for _, a := range addrs {
		if !manet.IsIPLoopback(a) {
			return a, nil
		}
	}
	return nil, fmt.Errorf("no address beyond loopback in %v", addrs)
}

func (c *contract) dial() error {
	addr, err := c.ask("BLPOP", c.key, strconv.Itoa(int(c.timeout.Seconds())))
	if err != nil || addr == "" {
		return fmt.Errorf("no listener told its address: %w", err)
	}
	h, err := newHost(c.o, libp2p.NoListenAddrs)
	if err != nil {
		return err
	}
	defer h.Close()
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	start := time.Now()
	remote, err := connect(ctx, h, addr)
	if err != nil {
		return err
	}
	s, err := h.NewStream(ctx, remote, pingID)
	if err != nil {
		return err
	}
	if err := pingOnce(s, 1); err != nil {
		return err
	}
	handshake := millis(start)
	start = time.Now()
	if err := pingOnce(s, 2); err != nil {
		return err
	}
	c.tell(handshake, millis(start))
	return nil
}

func millis(start time.Time) float64 { return float64(time.Since(start).Nanoseconds()) / 1e6 }

func (c *contract) tell(handshake, rtt float64) {
	if c.unified {
		fmt.Printf("latency:\n  handshake_plus_one_rtt: %g\n  ping_rtt: %g\n  unit: ms\n", handshake, rtt)
		return
	}
	printLine(fields{"handshakePlusOneRTTMillis": handshake, "pingRTTMilllis": rtt})
}

func pingOnce(s network.Stream, b byte) error {
	var sent, got [32]byte
	sent[0] = b
	if _, err := s.Write(sent[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(s, got[:]); err != nil {
		return err
	}
	if sent != got {
		return errors.New("the pong differs from its ping")
	}
	return nil
}

// ask sends one command to redis on a connection of its own; the last of the strings that came back.
func (c *contract) ask(words ...string) (string, error) {
	conn, err := net.Dial("tcp", c.redis)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(c.timeout + 5*time.Second))
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	return reply(bufio.NewReader(conn))
}

func reply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	n, _ := strconv.Atoi(line[min(1, len(line)):])
	switch {
	case strings.HasPrefix(line, "$") && n >= 0:
		value := make([]byte, n+2)
		_, err := io.ReadFull(r, value)
		return string(value[:n]), err
	case strings.HasPrefix(line, "*"):
		last := ""
		for range max(n, 0) {
			if last, err = reply(r); err != nil {
				return "", err
			}
		}
		return last, nil
	case strings.HasPrefix(line, "-") || line == "":
		return "", fmt.Errorf("redis: %q", line)
	}
	return "", nil
}
