package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
)

// vocabulary answers the questions of tests/differential/vocabulary.c, one a line, as that program does.
func vocabulary() error {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadString('\n')
		if line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		words := strings.Fields(line)
		verb := verbs[words[0]]
		if verb == nil {
			return fmt.Errorf("no such question: %s", words[0])
		}
		answer, err := verb(words[1:])
		if err != nil {
			answer = "-"
		}
		fmt.Fprintln(out, answer)
	}
}

var verbs = map[string]func(words []string) (string, error){
	"make": makeKey, "again": again, "public": public, "sign": sign, "verify": verify, "id": id, "id-of": idOf,
	"addr-bytes": addrBytes, "addr-text": addrText, "seal": seal, "open": open,
}

func toHex(b []byte) string {
	if len(b) == 0 {
		return "."
	}
	return hex.EncodeToString(b)
}

func fromHex(word string) []byte {
	if word == "." {
		return []byte{}
	}
	b, err := hex.DecodeString(word)
	if err != nil {
		panic(err) // the script writes nothing else
	}
	return b
}

func private(word string) (crypto.PrivKey, error) { return crypto.UnmarshalPrivateKey(fromHex(word)) }

func makeKey(words []string) (string, error) {
	kind, err := strconv.Atoi(words[0])
	if err != nil {
		return "", err
	}
	bits, err := strconv.Atoi(words[1])
	if err != nil {
		return "", err
	}
	if kind == crypto.RSA && bits == 0 {
		bits = 2048
	}
	key, _, err := crypto.GenerateKeyPair(kind, bits)
	if err != nil {
		return "", err
	}
	b, err := crypto.MarshalPrivateKey(key)
	return toHex(b), err
}

func again(words []string) (string, error) {
	key, err := private(words[0])
	if err != nil {
		return "", err
	}
	b, err := crypto.MarshalPrivateKey(key)
	return toHex(b), err
}

func public(words []string) (string, error) {
	key, err := private(words[0])
	if err != nil {
		return "", err
	}
	b, err := crypto.MarshalPublicKey(key.GetPublic())
	return toHex(b), err
}

func sign(words []string) (string, error) {
	key, err := private(words[0])
	if err != nil {
		return "", err
	}
	sig, err := key.Sign(fromHex(words[1]))
	return toHex(sig), err
}

func verify(words []string) (string, error) {
	key, err := crypto.UnmarshalPublicKey(fromHex(words[0]))
	if err != nil {
		return "", err
	}
	if ok, err := key.Verify(fromHex(words[1]), fromHex(words[2])); err != nil || !ok {
		return "no", nil
	}
	return "yes", nil
}

func printID(id peer.ID) string { return id.String() + " " + peer.ToCid(id).String() }

func id(words []string) (string, error) {
	key, err := crypto.UnmarshalPublicKey(fromHex(words[0]))
	if err != nil {
		return "", err
	}
	id, err := peer.IDFromPublicKey(key)
	if err != nil {
		return "", err
	}
	inlined := []byte{}
	if inner, err := id.ExtractPublicKey(); err == nil {
		if inlined, err = crypto.MarshalPublicKey(inner); err != nil {
			return "", err
		}
	}
	return printID(id) + " " + toHex([]byte(id)) + " " + toHex(inlined), nil
}

func idOf(words []string) (string, error) {
	id, err := peer.Decode(string(fromHex(words[0])))
	return toHex([]byte(id)), err
}

func addrBytes(words []string) (string, error) {
	addr, err := ma.NewMultiaddr(string(fromHex(words[0])))
	if err != nil {
		return "", err
	}
	return toHex(addr.Bytes()), nil
}

func addrText(words []string) (string, error) {
	addr, err := ma.NewMultiaddrBytes(fromHex(words[0]))
	if err != nil {
		return "", err
	}
	return toHex([]byte(addr.String())), nil
}

func seal(words []string) (string, error) {
	key, err := private(words[0])
	if err != nil {
		return "", err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return "", err
	}
	rec := &peer.PeerRecord{PeerID: id}
	if rec.Seq, err = strconv.ParseUint(words[1], 10, 64); err != nil {
		return "", err
	}
	for _, word := range strings.Split(words[2], ",") {
		addr, err := ma.NewMultiaddrBytes(fromHex(word))
		if err != nil {
			return "", err
		}
		rec.Addrs = append(rec.Addrs, addr)
	}
	envelope, err := record.Seal(rec, key)
	if err != nil {
		return "", err
	}
	b, err := envelope.Marshal()
	return toHex(b), err
}

// open does what identify does with a record: the signature, then whose it is. So does the other side.
func open(words []string) (string, error) {
	envelope, untyped, err := record.ConsumeEnvelope(fromHex(words[0]), peer.PeerRecordEnvelopeDomain)
	if err != nil {
		return "", err
	}
	rec, ok := untyped.(*peer.PeerRecord)
	if !ok || !bytes.Equal(envelope.PayloadType, peer.PeerRecordEnvelopePayloadType) {
		return "", errors.New("not a peer record")
	}
	if !rec.PeerID.MatchesPublicKey(envelope.PublicKey) {
		return "", errors.New("another's record")
	}
	addrs := []string{}
	for _, addr := range rec.Addrs {
		addrs = append(addrs, toHex(addr.Bytes()))
	}
	return printID(rec.PeerID) + " " + strings.TrimSpace(fmt.Sprintf("%d %s", rec.Seq, strings.Join(addrs, ","))), nil
}
