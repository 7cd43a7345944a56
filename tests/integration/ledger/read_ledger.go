// Reads a folder of static files as a stranger would: with Go's own packages for signed notes and
// transparency logs, knowing the log's key alone. read_ledger FOLDER [PROOF]
//
// Checks the head's signature, every tile against the head, every entry's inclusion, and that a
// tree of half the size begins the whole one. With PROOF, a .tlog-proof, checks that, too.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// The index of a tile as the paths have it.
func elements(n int64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		path := fmt.Sprintf("%s/tile/%d/%s", string(f), t.L, elements(t.N))
		if t.W < 256 {
			path = fmt.Sprintf("%s.p/%d", path, t.W)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) entries(size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); int64(len(all)) < size; n++ {
		path := fmt.Sprintf("%s/tile/entries/%s", string(f), elements(n))
		if rest := size - n*256; rest < 256 {
			path = fmt.Sprintf("%s.p/%d", path, rest)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	return all, nil
}

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func open(message []byte, verifier note.Verifier) tlog.Tree {
	n, err := note.Open(message, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		check(fmt.Errorf("%q", n.Text), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")
	return tlog.Tree{N: size, Hash: root}
}

func checkProof(path string, verifier note.Verifier) {
	text, err := os.ReadFile(path)
	check(err, "proof")
	split := bytes.Index(text, []byte("\n\n"))
	lines := strings.Split(string(text[:split]), "\n")
	tree := open(text[split+2:], verifier)
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		check(fmt.Errorf("%q", lines[0]), "proof")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "entry")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "index")
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		check(err, "hash")
		proof = append(proof, hash)
	}
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)), "proof")
	fmt.Printf("proof of entry %d holds\n", index)
}

func main() {
	f := folder(os.Args[1])
	key, err := os.ReadFile(filepath.Join(string(f), "log.vkey"))
	check(err, "key")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	check(err, "key")
	message, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	check(err, "checkpoint")
	tree := open(message, verifier)
	entries, err := f.entries(tree.N)
	check(err, "entries")
	reader := tlog.TileHashReader(tree, f)
	for i, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		check(err, "inclusion")
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)), fmt.Sprintf("entry %d", i))
	}
	half := tree.N / 2
	root, err := tlog.TreeHash(half, reader)
	check(err, "half")
	proof, err := tlog.ProveTree(tree.N, half, reader)
	check(err, "consistency")
	check(tlog.CheckTree(proof, tree.N, tree.Hash, half, root), "consistency")
	fmt.Printf("%d entries under a head that %s signed\n", tree.N, verifier.Name())
	if len(os.Args) > 2 {
		checkProof(os.Args[2], verifier)
	}
}
