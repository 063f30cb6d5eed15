package main

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/libp2p/go-libp2p/core/network"
)

const (
	echoID  = "/echo/1.0.0"
	perfID  = "/perf/1.0.0"
	pingID  = "/ipfs/ping/1.0.0"
	resetID = "/interop/reset/1.0.0"

	blockSize = 64 << 10
)

// answerEcho sends every byte back, finishes when the remote finished, and says so when it reset instead.
func answerEcho(s network.Stream) {
	_, err := io.CopyBuffer(s, onlyReader{s}, make([]byte, blockSize))
	if err == nil {
		err = s.Close()
	}
	if err == nil {
		return
	}
	if code, ok := remoteReset(err); ok {
		printLine(fields{"event": "reset", "code": code})
	}
	s.Reset()
}

// answerReset reads a four-byte big-endian code and resets the stream with it.
func answerReset(s network.Stream) {
	var code [4]byte
	if _, err := io.ReadFull(s, code[:]); err != nil {
		s.Reset()
		return
	}
	s.ResetWithError(network.StreamErrorCode(binary.BigEndian.Uint32(code[:])))
}

// answerPerf reads the number of bytes wanted and the upload to its end, then sends that many.
func answerPerf(s network.Stream) {
	var want [8]byte
	if _, err := io.ReadFull(s, want[:]); err != nil {
		s.Reset()
		return
	}
	if _, err := io.CopyBuffer(io.Discard, onlyReader{s}, make([]byte, blockSize)); err != nil {
		s.Reset()
		return
	}
	if err := writeZeros(s, int64(binary.BigEndian.Uint64(want[:]))); err != nil {
		s.Reset()
		return
	}
	s.Close()
}

func writeZeros(w io.Writer, n int64) error {
	block := make([]byte, blockSize)
	for n > 0 {
		part := min(n, blockSize)
		if _, err := w.Write(block[:part]); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// remoteReset tells whether err means that the remote reset the stream, and with which code.
func remoteReset(err error) (code any, ok bool) {
	var stream *network.StreamError
	if errors.As(err, &stream) {
		return stream.ErrorCode, stream.Remote
	}
	return nil, errors.Is(err, network.ErrReset)
}

// onlyReader hides the other methods of a stream, so that the copy uses our buffer.
type onlyReader struct{ io.Reader }
