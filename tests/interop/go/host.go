package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/insecure"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// newHost makes a host with a fresh identity, nothing but the asked transport, and no limits.
func newHost(o *options, extra ...libp2p.Option) (host.Host, error) {
	key, err := newKey(o.keyType)
	if err != nil {
		return nil, err
	}
	opts, err := connectionOptions(o)
	if err != nil {
		return nil, err
	}
	opts = append(opts,
		libp2p.Identity(key),
		libp2p.UserAgent("interop/go-libp2p"),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		libp2p.ForceReachabilityPrivate(), // no AutoNAT probes beside the measured traffic
		libp2p.DisableRelay(),
		libp2p.DisableMetrics())
	return libp2p.New(append(opts, extra...)...)
}

func connectionOptions(o *options) ([]libp2p.Option, error) {
	switch o.transport {
	case "quic":
		return []libp2p.Option{libp2p.Transport(quic.NewTransport)}, nil
	case "tcp":
	default:
		return nil, fmt.Errorf("transport %q: this peer knows tcp and quic", o.transport)
	}
	opts := []libp2p.Option{libp2p.Transport(tcp.NewTCPTransport)}
	switch o.security {
	case "noise":
		opts = append(opts, libp2p.Security(noise.ID, noise.New))
	case "tls":
		opts = append(opts, libp2p.Security(tls.ID, tls.New))
	case "plaintext":
		opts = append(opts, libp2p.Security(insecure.ID, insecure.NewWithIdentity))
	default:
		return nil, fmt.Errorf("security %q: this peer knows noise, tls and plaintext", o.security)
	}
	if o.muxer != "yamux" {
		return nil, fmt.Errorf("muxer %q: this peer knows yamux", o.muxer)
	}
	opts = append(opts, libp2p.Muxer(yamux.ID, yamux.DefaultTransport))
	if o.psk == "" {
		return opts, nil
	}
	psk, err := readPSK(o.psk)
	return append(opts, libp2p.PrivateNetwork(psk)), err
}

func readPSK(name string) (pnet.PSK, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return pnet.DecodeV1PSK(file)
}

func newKey(kind string) (crypto.PrivKey, error) {
	types := map[string]int{
		"ed25519": crypto.Ed25519, "secp256k1": crypto.Secp256k1, "ecdsa": crypto.ECDSA, "rsa": crypto.RSA,
	}
	number, ok := types[kind]
	if !ok {
		return nil, fmt.Errorf("key type %q: this peer knows ed25519, secp256k1, ecdsa and rsa", kind)
	}
	key, _, err := crypto.GenerateKeyPairWithReader(number, 2048, rand.Reader)
	return key, err
}

// connect dials the address and waits until identify has answered.
func connect(ctx context.Context, h host.Host, addr string) (peer.ID, error) {
	remote, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return "", fmt.Errorf("--addr %q: %w", addr, err)
	}
	return remote.ID, h.Connect(ctx, *remote)
}
