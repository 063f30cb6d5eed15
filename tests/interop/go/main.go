// A thin go-libp2p peer that answers the command lines of tests/interop/README.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

var errUsage = errors.New("usage: peer serve [options] | peer run TEST --addr MULTIADDR [options] | peer vocabulary | peer transport-test")

func main() {
	if err := dispatch(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go peer:", err)
		os.Exit(1)
	}
}

func dispatch(args []string) error {
	switch {
	case len(args) >= 1 && args[0] == "serve":
		o, err := parseOptions(args[1:])
		if err != nil {
			return err
		}
		return serve(o)
	case len(args) == 1 && args[0] == "transport-test":
		return transportTest()
	case len(args) >= 2 && args[0] == "run":
		o, err := parseOptions(args[2:])
		if err != nil {
			return err
		}
		return run(args[1], o)
	case len(args) == 1 && args[0] == "vocabulary": // for tests/differential
		return vocabulary()
	}
	return errUsage
}

// fields is one line of output; encoding/json sorts its keys, so that the same run prints the same line.
type fields map[string]any

func printLine(f fields) {
	line, err := json.Marshal(f)
	if err != nil {
		panic(err) // only strings, numbers and lists of them are ever put in
	}
	os.Stdout.Write(append(line, '\n')) // one write, so that lines of several streams do not mix
}
