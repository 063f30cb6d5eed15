package main

import (
	"fmt"
	"io"
)

// patternAt is the byte that belongs at offset n: no short period, so that a moved block shows.
func patternAt(n int64) byte {
	x := uint32(n)
	return byte(x ^ x>>7 ^ x>>15)
}

func writePattern(w io.Writer, n int64) error {
	block := make([]byte, blockSize)
	for at := int64(0); at < n; at += blockSize {
		part := block[:min(n-at, blockSize)]
		for i := range part {
			part[i] = patternAt(at + int64(i))
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// comparePattern reads to the end of the stream and tells how many bytes were right.
func comparePattern(r io.Reader) (int64, error) {
	block := make([]byte, blockSize)
	at := int64(0)
	for {
		n, err := r.Read(block)
		if bad := mismatch(block[:n], at); bad >= 0 {
			return bad, fmt.Errorf("echo differs at byte %d", bad)
		}
		at += int64(n)
		if err == io.EOF {
			return at, nil
		}
		if err != nil {
			return at, err
		}
	}
}

// mismatch gives the offset of the first byte of the block at `at` that is wrong, or -1.
func mismatch(block []byte, at int64) int64 {
	for i, b := range block {
		if b != patternAt(at+int64(i)) {
			return at + int64(i)
		}
	}
	return -1
}
