// A model in Go: four goroutines map a column, each its part, and sum it.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
)

func main() {
	file, err := os.Open("/data/columns/train/value.i32")
	if err != nil {
		panic(err)
	}
	status, err := file.Stat()
	if err != nil {
		panic(err)
	}
	bytes, err := syscall.Mmap(int(file.Fd()), 0, int(status.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	count := len(bytes) / 4
	sums := make(chan int64)
	for part := 0; part < 4; part++ {
		go func(begin, end int) {
			var sum int64
			for i := begin; i < end; i++ {
				sum += int64(int32(binary.LittleEndian.Uint32(bytes[4*i:])))
			}
			sums <- sum
		}(count*part/4, count*(part+1)/4)
	}
	var total int64
	for part := 0; part < 4; part++ {
		total += <-sums
	}
	fmt.Println(total)
}
